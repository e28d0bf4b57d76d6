import pytest

from dealerships.domain.paths import PathError, require_base


@pytest.mark.parametrize(
    ("base", "separator"),
    [
        ("C:\\", "\\"),
        ("d:\\QRS", "\\"),
        ("C:\\Users\\Nick Workstation\\QRS\\", "\\"),
        (r"\\server\orders", "\\"),
        ("\\\\server\\orders\\2025\\", "\\"),
        ("/Volumes/orders", "/"),
        ("/Volumes/orders/", "/"),
        ("/Users/nick/QR codes", "/"),
        ("", "\\"),
        ("", "/"),
    ],
)
def test_an_absolute_folder_of_its_computer_or_none_is_a_base(base: str, separator: str) -> None:
    require_base(base, separator)


@pytest.mark.parametrize(
    ("base", "separator"),
    [
        ("QRS", "\\"),
        (r"Users\Nick", "\\"),
        ("C:QRS", "\\"),
        ("C:", "\\"),
        ("C:/QRS", "\\"),
        ("C:\\QRS/new", "\\"),
        ("C:\\a\\\\b", "\\"),
        ('C:\\"QRS"', "\\"),
        ("C:\\what?", "\\"),
        (r"\\server", "\\"),
        ("\\\\server\\", "\\"),
        (r"\QRS", "\\"),
        ("/Volumes/orders", "\\"),
        ("C:\\QRS", "/"),
        ("/", "/"),
        ("/Volumes", "/"),
        ("/Volumes/", "/"),
        ("Volumes/orders", "/"),
        ("/Volumes//orders", "/"),
        ("/Volumes/a:b", "/"),
        ("/Volumes/a\\b", "/"),
    ],
)
def test_anything_else_is_refused_with_an_example(base: str, separator: str) -> None:
    with pytest.raises(PathError, match=r"no absolute folder\. Type .*for example .* or nothing for paths relative"):
        require_base(base, separator)


@pytest.mark.parametrize("base", ["C:\\B\u00fcro", "C:\\a\nb", "/Volumes/\u2019"])
def test_signs_that_adobe_does_not_follow_are_refused(base: str) -> None:
    with pytest.raises(PathError, match="plain characters only"):
        require_base(base, base[0] if base[0] == "/" else "\\")
