"""Watch: a scanner's output folder becomes packets, slide by slide.

view.py      one look into the folder
  rule.py      which case a file belongs to, by its path
  slides.py    what is taken as a whole
judge.py     how each slide stands
  settling.py  when a file has stopped growing
  mirax.py     when a MIRAX slide is whole
  cases.py     the case descriptions
  copies.py    what was sent already under another name
  standing.py  the words for it
watcher.py   a look, and what is to be done after it
  taking.py    finished slides are put in their packet
  closing.py   packets are closed, patients asked
  refusals.py  what was refused is tried again later
  deposits.py  how that reaches the service
ledger.py    what is remembered between runs: opened.py, taken.py
follow.py    looking for ever, or once
board.py     what is told
trial.py     what would go where
moment.py    now, on two clocks
gone.py      a folder that is away
"""
