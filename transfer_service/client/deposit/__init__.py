"""Send: a folder becomes a closed packet.

scan.py      what is in a folder, and what of it can't be sent
paths.py     the path of a file in its packet
case.py      the case description
journal.py   what a run leaves for the next one
upload.py    one file, part by part
send.py      all of it, in order
release.py   asking the patient
"""
