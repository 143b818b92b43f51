"""Watch: a scanner's output folder becomes packets, slide by slide.

rule.py      which case a file belongs to, by its path
slides.py    what is taken as a whole
mirax.py     when a MIRAX slide is whole
settling.py  when a file has stopped growing
view.py      one look into the folder
cases.py     the case descriptions
trial.py     what would go where
gone.py      a folder that is away
"""
