"""One machine, three users: each line of docs/separate-users.md, by users that the system keeps apart."""

from __future__ import annotations

import re

from commands import ROOT

from namespaces import run_alone
from tools import need

PAGE = (ROOT / "docs/separate-users.md").read_text("utf-8")
USERS, PUBLISH, REFRESH, SERVE, APART = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

SOURCE = """
cp -r "$1/." /srv/register/source
chown -R register: /srv/register/source
"""

SERVED = """
for _ in $(seq 600); do
  curl --silent --fail --output /dev/null http://127.0.0.1:8000/v1/register.json && break
  kill -0 $!; sleep 0.1
done
curl --silent --fail http://127.0.0.1:8000/v1/register.json | cmp - store/public/v1/register.json
kill $!; wait $! || true
"""

AGAIN = """
echo '# said otherwise' >> source/register.toml
sed -i 's/^updated_on.*/updated_on = 2026-01-02/' source/register.toml
"""

WHOLE = """
test "$(find store -type f ! -group register | wc -l)" = 0
runuser -u register -- /opt/register/bin/register-api status --deep --store store | grep 'version 2'
"""


def test_each_user_does_their_part_and_no_more() -> None:
    """Published and refreshed in turns, each over what the other wrote; the service reads it as nobody."""
    served = SERVE.replace("--port 8000", "--port 8000 &") + SERVED
    lines = (USERS, SOURCE, PUBLISH, REFRESH, AGAIN, PUBLISH, REFRESH.splitlines()[1], APART, served, WHOLE)
    done = run_alone("\n".join(lines), ROOT / "register")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("Permission denied") == 3


def test_who_forgets_the_umask_is_told_what_may_not_be_written() -> None:
    """What the publisher made is not the other user's to replace: a sentence, and the store is whole."""
    script = "\n".join((USERS, SOURCE, PUBLISH.replace("umask 002", "umask 022"), REFRESH))
    done = run_alone(script, ROOT / "register")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Permission denied; nothing is half done" in done.stderr.replace("\n", " ")


def test_the_units_of_the_page_are_what_systemd_takes() -> None:
    """Both units of docs/freshness.md, with the program and the users where the pages have them."""
    page = (ROOT / "docs/freshness.md").read_text("utf-8")
    units = re.findall(r"^```ini\n# (\S+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(units) == 2
    need("systemd-analyze")
    files = "".join(f"cat > {path} <<'END'\n{text}END\n" for path, text in units)
    paths = " ".join(path for path, _ in units)
    days = "".join(
        f"systemd-analyze calendar '{day}'\n" for day in re.findall(r"\| `([^`=]+)` \|$", page, re.MULTILINE)
    )
    done = run_alone(f"{USERS}{files}{days}systemd-analyze verify --man=no {paths}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Next elapse") == 4
