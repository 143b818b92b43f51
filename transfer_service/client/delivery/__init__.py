"""Fetch and verify: what was released to a recipient, from a link to files that are proved right.

link_url.py      the link
admission.py     who you are, proved once; a run that was killed is let in again, uncounted
sealed_state.py  what a run leaves for the next one, sealed under the link's secret
landing.py       the local name of a file, whatever the other side calls it
download.py      one file, resumed by ranges, named only when its digest is right
delivery.py      the manifest of what was released, as it lies beside the files
fetch.py         all of it, in order
bag.py           where the files of an unpacked archive.zip lie
verify.py        files against the signed manifest
"""
