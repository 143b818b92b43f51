"""The web pages for patients (/r) and recipients (/l), and the door to both (/): plain HTML that works without scripts.

A page that is only looked at changes nothing and counts nothing: whatever acts is a POST with a CSRF token.

registration    register_pages: the blueprints and the session cookie
protection      CSRF tokens, Fetch Metadata, headers: what guards every page
visit           what the session cookie holds
fields          what people type and paste, read strictly
language        which language a page speaks, and its words
explanations    what an error means to a person
error_pages     errors as HTML
front           /: the two ways in; what is nowhere
leaving         signing out
patients        /r: who asks for what, withdraw, see who got what
signing         /r/form: read the form, sign it
ask             /ask: ask a department for slides
slide_requests  /q: how a request stands
recipients      /l: prove who you are, see what was released, download
files_page      what the page of released files says
opinion_files   /l/opinion/files: what goes with an opinion
opinions        /l/opinion: the answer to it; /r/opinions: what came back
"""

from transfer_service.pages.registration import register_pages

__all__ = ["register_pages"]
