"""The server that other tests use is real, and its credentials work."""

from tests.support.server import EarfulServer


def test_earful_server_gives_tokens(earful_server: EarfulServer) -> None:
    """Credentials made by the command line are exchanged for a token by the running server."""
    assert len(earful_server.app_id) == 64
    assert len(earful_server.app_secret) == 128
    assert earful_server.token().count(".") == 2


def test_second_application_has_its_own_credentials(earful_server: EarfulServer) -> None:
    """An application made while the server runs is another one."""
    assert earful_server.create_app("another")["appId"] != earful_server.app_id
