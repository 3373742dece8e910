"""One vendor under two ids: renamed, returned, or written in two rows; and old names worth keeping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.language.language import ENGLISH
from register_api.core.likeness import are_near, are_two_entities, carries, essence, marks, same_use
from register_api.core.proposals.pairing import candidates, is_close, only_pairs
from register_api.core.proposals.proposal import Edit, Proposal, added_to, edit
from register_api.core.rules.table import vendor_file

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.model import Subprocessor, SubprocessorSource
    from register_api.core.proposals.scene import Arriving, Kept, Leaving, Scene

    Vendor = Subprocessor | SubprocessorSource


def renames(scene: Scene) -> Iterator[Proposal]:
    """Propose to keep the id where one vendor leaves and the same one arrives under another.

    The same one: the same name but for punctuation, legal form and order of words; or a name with a
    slip in it, or a company number, legal name or website in common, and a common use. Where two
    newcomers fit one who leaves, or the other way round, nothing is proposed.
    """
    found = [(one, other) for one, other in candidates(scene) if _is_renamed(one, other)]
    yield from (_rename(one, other) for one, other in only_pairs(found))


def doubles(scene: Scene) -> Iterator[Proposal]:
    """Propose one file where a newcomer has the name of a vendor that stays."""
    listed = {essence(item.after.name): item.after for item in scene.kept}
    for item in scene.newcomers:
        same = listed.get(essence(item.vendor.name))
        if same is not None and not are_two_entities(same, item.vendor) and not _hang_together(same, item):
            yield Proposal(
                kind="double",
                subprocessors=(same.id, item.vendor.id),
                seen=f"{item.vendor.name} ({item.vendor.id}) is new and has the name of"
                f" {same.name} ({same.id}), which stays.",
                advice=f"If it is one company with two uses, write them as two [[engagements]] in"
                f" {vendor_file(same.id)} and leave {vendor_file(item.vendor.id)} out.",
            )


def returns(scene: Scene) -> Iterator[Proposal]:
    """Propose the old id where a newcomer has the name of a vendor that had ended or was withdrawn."""
    merged = {name: item.after for item in scene.kept for name in item.after.merged_from}
    listed = {essence(item.before.name): item for item in scene.past}
    for item in scene.newcomers:
        past = listed.get(essence(item.vendor.name))
        if past is not None and not are_two_entities(past.before, item.vendor):
            yield _return(past, item.vendor, merged.get(past.before.id))


def former_names(scene: Scene) -> Iterator[Proposal]:
    """Propose ``formerly`` where a listed vendor's name changes and the old one is kept nowhere.

    Another spelling in capitals or white space is no other name. Where nothing stated of the vendor
    stays the same, an id may have been used for another company; then that is asked.
    """
    for item in scene.kept:
        before, after = item.before, item.after
        if _spelling(before.name) == _spelling(after.name) or before.name in after.formerly:
            continue
        yield _another(before, after) if _is_another(before, after) else _former_name(before, after)


def _is_renamed(one: Leaving, other: Arriving) -> bool:
    old, new = one.before, other.vendor
    starts = [item.starts_on for item in other.used_for] or [None]
    told = one.how != "vanished" and (old.name in new.formerly or new.parent == old.id)
    if told or are_two_entities(old, new) or not any(is_close(one.on, start) for start in starts):
        return False
    if essence(old.name) == essence(new.name):
        return True
    return (are_near(old.name, new.name) or bool(marks(old) & marks(new))) and same_use(old, new)


def _rename(one: Leaving, other: Arriving) -> Proposal:
    old, new = one.before, other.vendor
    how = "is said by no file any more" if one.how == "vanished" else "leaves"
    back = f"Bring {vendor_file(old.id)} back" if one.how == "vanished" else "Take its end out again"
    return Proposal(
        kind="rename",
        subprocessors=(old.id, new.id),
        seen=f"{old.name} ({old.id}) {how}, and {new.name} ({new.id}), which is much alike, is new.",
        edits=() if old.name == new.name else _name_edits(old.id, old, new),
        advice=f"If it is the same vendor, it keeps its id for ever. {back}, move what is new into"
        f" {vendor_file(old.id)}, and leave {vendor_file(new.id)} out.",
    )


def _name_edits(vendor: str, old: Vendor, new: Vendor) -> tuple[Edit, ...]:
    former = [name for name in added_to(old.formerly, *new.formerly, old.name) if name != new.name]
    return edit(vendor, "name", new.name), edit(vendor, "formerly", former)


def _return(past: Kept, new: SubprocessorSource, heir: SubprocessorSource | None) -> Proposal:
    old = past.before
    if heir is not None:
        return Proposal(
            kind="split",
            subprocessors=(heir.id, new.id),
            seen=f"{new.name} ({new.id}) is new; {old.name} ({old.id}) had been merged into {heir.name}.",
            edits=(edit(new.id, "split_from", heir.id),),
        )
    what = "withdrawn" if old.withdrawn else f"ended on {ENGLISH.day(_last_day(old))}"
    how = "take [withdrawn] out of" if old.withdrawn else "write a further engagement in"
    return Proposal(
        kind="return",
        subprocessors=(old.id, new.id),
        seen=f"{new.name} ({new.id}) is new and has the name of {old.name} ({old.id}), {what}.",
        advice=f"If it is the same vendor, {how} {vendor_file(old.id)} and leave {vendor_file(new.id)} out.",
    )


def _last_day(vendor: Subprocessor) -> dt.date:
    return max(item.ends_on for item in vendor.engagements if item.ends_on is not None)


def _hang_together(listed: SubprocessorSource, item: Arriving) -> bool:
    new = item.vendor
    return new.id == listed.parent or listed.id == new.parent or listed.name in new.formerly


def _spelling(name: str) -> str:
    return "".join(name.casefold().split())


def _is_another(before: Subprocessor, after: SubprocessorSource) -> bool:
    """Tell whether name and legal name are others altogether and nothing else stated stays."""
    if not before.legal_name or not after.legal_name:
        return False
    return (
        not marks(before) & marks(after)
        and not are_near(before.name, after.name)
        and not set(essence(before.name)) & set(essence(after.name))
        and not carries(before.name, after.name)
        and not carries(after.name, before.name)
    )


def _another(before: Subprocessor, after: SubprocessorSource) -> Proposal:
    return Proposal(
        kind="replacement",
        subprocessors=(before.id,),
        seen=f"{before.id} stood for {before.name} ({before.legal_name}) and now says {after.name}"
        f" ({after.legal_name}).",
        advice=f"If that is another company, it needs a file of its own, with replaces ="
        f' ["{before.id}"], and {vendor_file(before.id)} gets an ends_on.',
    )


def _former_name(before: Subprocessor, after: SubprocessorSource) -> Proposal:
    alike = essence(before.name) == essence(after.name)
    how = ": other punctuation, legal form or order of words" if alike else ""
    return Proposal(
        kind="former_name",
        subprocessors=(before.id,),
        seen=f"{before.name} is called {after.name} now{how}.",
        edits=(edit(after.id, "formerly", added_to(after.formerly, before.name)),),
        advice="With it, whoever looks for the former name finds the vendor.",
    )
