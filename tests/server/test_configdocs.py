from server.configdocs import HIDDEN, in_force, page
from server.configfiles import described, load


def test_the_page_lists_every_setting_once():
    text = page()
    for name, _ in described():
        assert text.count(f"\n| `{name}` |") == 1, name


def test_types_defaults_and_limits_are_shown():
    text = page()
    assert "| `rtc.udp_port` | integer | `40000` |" in text
    assert "| `dev` | boolean | `false` |" in text
    assert "| `auth.secret` | secret |  |" in text
    assert "| `auth.issuers` | list of table | `[]` |" in text
    assert "| `issuer` | text | required |" in text
    assert "`jwt` or `oidc`" in text
    assert "at least 0, at most 65535" in text


def test_what_is_in_force_is_shown_with_its_source_and_without_secrets():
    flags = {
        "rtc.udp_port": "41000",
        "auth.secret": "s" * 40,
        "rtc.ice_servers": '[{"urls": ["turn:t"], "credential": "hush"}]',
    }
    lines = list(in_force(load(environ={}, flags=flags)))
    assert "rtc.udp_port = 41000    # flag" in lines
    assert "http.port = 8080    # default" in lines
    assert f"auth.secret = {HIDDEN}    # flag" in lines
    assert "http.host = (unset)    # default" in lines
    assert 'storage.data = ".roomtone"    # default' in lines
    assert "rtc.ice_servers = [1 tables]    # flag" in lines
    assert not any("hush" in line or "sss" in line for line in lines)
