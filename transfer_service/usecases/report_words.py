"""What the lines of a report say in words: what left, to whom, why, how often."""

from transfer_service.domain.accounting import AccountLine, ReportLine
from transfer_service.wording import Words
from transfer_service.wording.kinds import counted

#: A brief description (164.528(b)(2)(iii)) names so many files; of the others it says how many they are.
MOST_NAMED = 10


def what(line: ReportLine, words: Words) -> str:
    """``3 slide scans, 1 report: slides/A1.svs, …``."""
    names = [file.path for file in line.files[:MOST_NAMED]]
    more = len(line.files) - len(names)
    if more:
        names.append(words.plural("and %(count)s more", "and %(count)s more", more))
    return words.text("%(kinds)s: %(names)s", kinds=", ".join(counted(line.files, words)), names=", ".join(names))


def authority(line: AccountLine, words: Words) -> str:
    """By whose word, and by which form: its SHA-256 is that of the copy that the patient can keep."""
    release = line.release
    if release.signature is None or release.signed_at is None:
        return words.text("Without a signed permission")
    values = {"day": words.day(release.signed_at), "digest": release.form.sha256}
    if release.signature.authority is None:
        return words.text("Permission signed by the patient on %(day)s (form SHA-256: %(digest)s)", **values)
    return words.text("Permission signed for the patient on %(day)s (form SHA-256: %(digest)s)", **values)


def often(line: ReportLine, words: Words) -> str:
    """How many, and when the last (164.528(b)(3)(ii), (iii))."""
    if line.count == 1:
        return words.text("Once")
    last = words.day(line.last_at)
    return words.plural(
        "%(count)s time, the last on %(last)s", "%(count)s times, the last on %(last)s", line.count, last=last
    )


def how_much(line: ReportLine, words: Words) -> str:
    """The bytes that left, repeats too, and whether every file left whole."""
    size = words.size(line.bytes_sent)
    if line.completed:
        return words.text("%(size)s; every file complete", size=size)
    whole, all_files = words.number(line.whole_files), words.number(len(line.files))
    return words.text("%(size)s; %(whole)s of %(all)s files complete", size=size, whole=whole, all=all_files)
