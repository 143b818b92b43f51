"""The pages in two languages: chosen on the page, else as the browser asks."""

import pytest

from tests.factories import a_patient
from tests.stages import ORIGIN, PUBLIC_URL

SPANISH = {"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}


def test_a_page_speaks_the_first_language_of_the_browser_that_it_knows(visitor):
    assert '<html lang="en">' in visitor.get("/r").text
    page = visitor.get("/r", headers=SPANISH)
    assert '<html lang="es">' in page.text
    assert page.headers["Content-Language"] == "es"
    assert "Se le pide su permiso" in page.text
    assert "Your permission is asked for" in visitor.get("/r", headers={"Accept-Language": "fr, en;q=0.3"}).text
    assert '<html lang="en">' in visitor.get("/r", headers={"Accept-Language": "*, ;;;q=x"}).text


def test_a_language_chosen_on_the_page_stays_chosen_whatever_the_browser_asks_for(visitor):
    page = visitor.get("/l", headers=SPANISH)
    assert '<a href="?lang=en" lang="en" hreflang="en">English</a>' in page.text
    chosen = visitor.get("/l?lang=en", headers=SPANISH)
    assert '<html lang="en">' in chosen.text
    assert '<html lang="en">' in visitor.get("/r", headers=SPANISH).text
    (cookie,) = chosen.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-language=en;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("query", ["?lang=xx", "?lang=", "?lang=%00"])
def test_a_language_that_is_not_spoken_here_is_passed_over(visitor, query):
    page = visitor.get(f"/r{query}")
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert "__Host-language" not in str(page.headers)


def test_a_cookie_with_another_language_in_it_is_passed_over(app):
    client = app.test_client()
    client.set_cookie("__Host-language", "xx", secure=True)
    assert client.get("/r", base_url=PUBLIC_URL).status_code == 200


def test_what_was_wrong_is_said_in_the_language_of_the_page(visitor):
    visitor.get("/r?lang=es")
    assert "Ese no es el código completo" in visitor.submit("/r", {"secret": "abc"}).text
    assert "Aquí no hay nada" in visitor.get("/r/nowhere").text


def test_a_patient_s_mails_come_in_the_language_on_their_file(stages):
    stage = stages.released(of=stages.closed(patient=a_patient(language="es-MX")))
    stages.journey.patients.challenge(stage.letter_secret, ORIGIN, stages.now)
    stages.mail()
    letter, code = stages.post.mail[-2:]
    assert stage.letter_secret in letter.body
    assert letter.subject.endswith("le pide su permiso")
    assert "Para leer qué se entregaría" in letter.body
    assert "Su código es" in code.body
