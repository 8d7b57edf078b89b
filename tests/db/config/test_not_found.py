"""An address that is not there is answered in Russian, while developing, too; a fault keeps its traceback."""

import pytest

from config.middleware import OwnNotFound

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/nothing/here/", "/office/accounts/0/nothing/", "/admin/nothing/", "/static/no.css"]
)
def test_the_page_is_ours_under_debug(client, settings, address):
    settings.DEBUG = True
    answer = client.get(address, headers={"accept": "text/html"}, follow=True)
    told = answer.content.decode()
    assert "Page not found" not in told and "DEBUG = True" not in told
    if answer.status_code == 404:
        assert "Такой страницы нет" in told


def test_the_api_and_faults_are_let_alone(client, settings, rf):
    settings.DEBUG = True
    assert "Такой страницы нет" not in client.get("/api/nothing/").content.decode()

    def broken(request):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        OwnNotFound(broken)(rf.get("/"))
