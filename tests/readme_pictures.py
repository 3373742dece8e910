"""Update the pictures in the README: the page of this project's register, light and dark.

    PYTHONPATH=src:tests python tests/readme_pictures.py

It needs Chromium, which also converts the screenshots to WebP.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
from pathlib import Path

from memory_folder import memory_folder
from programs import output_of
from static_host import static_host
from tools import need

ROOT = Path(__file__).parents[1]
SCHEMES = {"dark": 0, "light": 1}
WIDTH, HEIGHT, SCALE = 1200, 1640, 2 / 3
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000")
TO_WEBP = """<img src="data:image/png;base64,%s"><script>
onload = () => {
  const image = document.images[0], canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  document.body.textContent = canvas.toDataURL("image/webp", 0.7);
};
</script>"""


def take(base: str, scheme: str, folder: Path) -> bytes:
    """Return a screenshot of a page as WebP."""
    browser = (need("chromium"), *QUIET, f"--user-data-dir={folder / scheme}")
    view = (f"--window-size={WIDTH},{HEIGHT}", f"--force-device-scale-factor={SCALE}")
    colours = f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    output_of(*browser, *view, colours, f"--screenshot={folder / 'seen.png'}", base)
    page = folder / "to-webp.html"
    page.write_text(TO_WEBP % base64.b64encode((folder / "seen.png").read_bytes()).decode())
    dumped = output_of(*browser, "--dump-dom", page.as_uri()).decode()
    found = re.search(r"data:image/webp;base64,([\w+/=]+)", dumped)
    assert found, dumped[:1000]
    return base64.b64decode(found[1])


def main() -> None:
    """Publish this project's register, and capture its page in both colour schemes."""
    with memory_folder() as folder:
        shutil.copytree(ROOT / "register", folder / "register")
        output_of(sys.executable, "-m", "register_api", "publish", cwd=folder)
        with static_host(folder / "var/store/public") as base:
            for scheme in SCHEMES:
                picture = take(base + "/", scheme, folder)
                (ROOT / f"docs/images/page-{scheme}.webp").write_bytes(picture)
                sys.stdout.write(f"{scheme}: {len(picture)} bytes\n")


if __name__ == "__main__":
    main()
