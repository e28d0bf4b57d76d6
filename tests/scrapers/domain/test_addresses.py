"""Where the scrapers may go, without a network."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.domain.addresses import (
    AddressRefused,
    check_url,
    is_allowed,
    is_same_site,
    may_connect,
    pace_key,
    redirect_target,
    registrable_domain,
    without_secrets,
)

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "::ffff:93.184.216.34",
    "64:ff9b::5db8:d822",  # 93.184.216.34 behind NAT64
    "2002:5db8:d822::1",  # the same behind 6to4
]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "ff0e::1",
    "2001:db8::1",
    "4000::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:100.64.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::1",
    "2001:0:5db8:d822:0:0:80ff:fffe",  # Teredo with a public server, for the client 127.0.0.1
    "localhost",
    "127.1",
    "",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_public_internet_may_be_connected_to(address: str) -> None:
    assert may_connect(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_may_be_connected_to_in_whatever_form_it_hides(address: str) -> None:
    assert not may_connect(address)


@given(st.ip_addresses(v=4))
def test_a_hidden_address_is_judged_like_itself(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    low, high = number & 0xFFFF, number >> 16
    plain = may_connect(str(address))
    assert may_connect(f"::ffff:{address}") == plain
    assert may_connect(f"64:ff9b::{high:x}:{low:x}") == plain
    assert may_connect(f"2002:{high:x}:{low:x}::1") == plain


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port"),
    [
        ("https://www.example.com/a?b=c#d", "https", "www.example.com", 443),
        ("HTTP://WWW.Example.COM:80", "http", "www.example.com", 80),
        ("https://www.example.com:443/", "https", "www.example.com", 443),
        ("https://www.example.com/a path, with blanks", "https", "www.example.com", 443),
        ("https://xn--bcher-kva.example/", "https", "xn--bcher-kva.example", 443),
        ("https://[2606:4700:4700::1111]/", "https", "2606:4700:4700::1111", 443),
        ("https://www.example.com/" + "a" * 1_976, "https", "www.example.com", 443),
    ],
)
def test_urls_of_websites_are_taken_apart(url: str, scheme: str, host: str, port: int) -> None:
    checked = check_url(url)
    assert (checked.url, checked.scheme, checked.host, checked.port) == (url, scheme, host, port)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://www.example.com/", "begins with ftp"),
        ("file:///etc/passwd", "begins with file"),
        ("gopher://www.example.com/", "begins with gopher"),
        ("javascript:alert(1)", "begins with javascript"),
        ("//www.example.com/", "begins with nothing"),
        ("/relative", "begins with nothing"),
        ("", "begins with nothing"),
        ("http://user@www.example.com/", "a user or a password"),
        ("http://user:password@www.example.com/", "a user or a password"),
        ("http://@www.example.com/", "a user or a password"),
        ("http://www.example.com\\@evil.example/", "backslash"),
        ("http://www.example.com/\\", "backslash"),
        ("http://www.exa\tmple.com/", "control character"),
        ("http://www.example.com/\r\nHost: evil", "control character"),
        ("http://www.example.com/\x85", "control character"),
        (" http://www.example.com/", "blanks around"),
        ("http://www.example.com:22/", "port 22"),
        ("http://www.example.com:6379/", "port 6379"),
        ("http://www.example.com:8080/", "port 8080"),
        ("http://www.example.com:99999/", "no number up to 65535"),
        ("http://www.example.com:port/", "no number up to 65535"),
        ("http:///path", "no name"),
        ("http://www.exa mple.com/", "no name"),
        ("http://bücher.example/", "no name"),
        ("http://①②⑦.⓪.⓪.①/", "no name"),
        ("http://www.example.com%2eevil.example/", "no name"),
        ("http://[::1/", "no URL"),
        ("http://127.0.0.1/", "not on the public internet"),
        ("http://[::1]/", "not on the public internet"),
        ("http://[::ffff:169.254.169.254]/", "not on the public internet"),
        ("http://[fe80::1%25eth0]/", "not on the public internet"),
        ("https://www.example.com/" + "a" * 1_977, "2,001 characters"),
    ],
)
def test_urls_that_may_not_be_asked_are_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(AddressRefused, match=reason):
        check_url(url)


def test_other_ports_can_be_asked_for_by_name_only() -> None:
    assert check_url("http://www.example.com:8123/", ports={8123}).port == 8123
    with pytest.raises(AddressRefused):
        check_url("http://www.example.com/", ports={8123})


@given(st.text(max_size=60))
def test_no_text_does_anything_but_pass_or_be_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://www.example.com{text}"):
        try:
            checked = check_url(url)
        except AddressRefused:
            continue
        assert checked.host
        assert checked.port in {80, 443}


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.com", "example.com"),
        ("example.com", "example.com"),
        ("WWW.Example.COM.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("v2mzlxx99f-dsn.algolia.net", "algolia.net"),
        ("websites-search.api.carscommerce.inc", "carscommerce.inc"),
        ("shop.herokuapp.com", "shop.herokuapp.com"),
        ("com", ""),
        ("co.uk", ""),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_the_registrable_domain_is_what_somebody_registered(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_a_pace_is_kept_for_a_registrable_domain_or_the_host_itself() -> None:
    assert [pace_key(host) for host in ("WWW.Example.com", "app-dsn.algolia.net", "127.0.0.1", "LocalHost")] == [
        "example.com",
        "algolia.net",
        "127.0.0.1",
        "localhost",
    ]


def test_a_site_is_a_registrable_domain() -> None:
    assert is_same_site("www.example.com", "example.com")
    assert is_same_site("www.example.com", "shop.example.com")
    assert not is_same_site("www.example.com", "www.example.org")
    assert not is_same_site("one.co.uk", "two.co.uk")
    assert not is_same_site("one.herokuapp.com", "two.herokuapp.com")
    assert not is_same_site("com", "net")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("www.example.com", True),
        ("example.com", True),
        ("WWW.EXAMPLE.COM", True),
        ("bare.example.org", True),
        ("www.bare.example.org", True),
        ("app-dsn.algolia.net", True),
        ("algolia.net", True),
        ("shop.example.com", False),
        ("www.www.example.com", False),
        ("www.example.com.", False),
        ("example.org", False),
        ("evilexample.com", False),
        ("www.example.com.evil.org", False),
        ("algolia.net.evil.org", False),
        ("evilalgolia.net", False),
        ("", False),
    ],
)
def test_approved_hosts_are_allowed_with_and_without_www_and_services_as_a_whole(host: str, allowed: bool) -> None:
    hosts, services = {"www.example.com", "Bare.example.org"}, {"algolia.net"}
    assert is_allowed(host, hosts=hosts, services=services) is allowed


def test_redirects_lead_where_a_browser_would_go_without_the_fragment() -> None:
    current = "https://www.example.com/a/b?c=d"
    assert redirect_target(current, " /x#y ") == "https://www.example.com/x"
    assert redirect_target(current, "z?q=1") == "https://www.example.com/a/z?q=1"
    assert redirect_target(current, "//other.example/") == "https://other.example/"
    assert redirect_target(current, "http://other.example/") == "http://other.example/"
    with pytest.raises(AddressRefused):
        redirect_target(current, "http://[::1")


def test_keys_and_tokens_are_taken_out_of_addresses() -> None:
    url = "https://a.example/q?x-algolia-api-key=abc&page=2&Token=def&siteId=7#k"
    assert without_secrets(url) == "https://a.example/q?x-algolia-api-key=removed&page=2&Token=removed&siteId=7#k"
    assert without_secrets("https://a.example/q?page=2") == "https://a.example/q?page=2"
