"""Each channel reads a post's id out of the addresses that people copy, and refuses what is no post of its own."""

import pytest

from campaign.channels import load_channels
from campaign.errors import WrongUse
from campaign.ports import Addresses, Identity, NamesAccounts

NUMBER = "1995436456343679215"
SHARE = "urn:li:share:7401"


def id_in(channel: str, url: str, *, external_id: str = "3001", share: bool = False) -> str | None:
    kind = load_channels()[channel]
    made = kind.from_settings(kind.settings_type())
    assert isinstance(made, Addresses)
    return made.id_in(Identity(1, "oak", "Oak", channel, "oak", external_id), url, share=share)


@pytest.mark.parametrize(
    "url",
    [
        f"https://x.com/oak/status/{NUMBER}",
        f"https://x.com/oak/status/{NUMBER}/",
        f"https://x.com/oak/status/{NUMBER}?s=20",
        f"https://x.com/oak/status/{NUMBER}?t=abc&s=19#m",
        f"https://x.com/oak/status/{NUMBER}/photo/1",
        f"https://www.x.com/oak/statuses/{NUMBER}",
        f"http://mobile.twitter.com/oak/status/{NUMBER}",
        f"https://twitter.com/i/web/status/{NUMBER}",
        f"https://x.com/i/status/{NUMBER}",
    ],
)
def test_x_by_its_status_addresses(url: str) -> None:
    assert id_in("x", url) == NUMBER
    assert id_in("x", url, share=True) == f"rt:{NUMBER}"


@pytest.mark.parametrize(
    ("url", "external_id", "found"),
    [
        ("https://www.facebook.com/3001/posts/42", "3001", "3001_42"),
        ("https://www.facebook.com/oak.school/posts/42/?ref=x", "3001", "3001_42"),
        ("https://www.facebook.com/oak.school/posts/come-on-friday/42", "3001", "3001_42"),
        ("https://www.facebook.com/oak.school/posts/42", "", None),
        ("https://m.facebook.com/story.php?story_fbid=42&id=3001", "", "3001_42"),
        ("https://www.facebook.com/permalink.php?story_fbid=42&id=3001&x=y", "3001", "3001_42"),
        ("https://facebook.com/3001_42", "", "3001_42"),
        ("https://www.facebook.com/permalink.php?story_fbid=pfbid02AbC&id=3001", "3001", None),
        ("https://www.facebook.com/oak.school/posts/pfbid02AbC", "3001", None),
        ("https://www.facebook.com/share/p/1AbCdE/", "3001", None),
    ],
)
def test_facebook_by_its_post_and_permalink_addresses(url: str, external_id: str, found: str | None) -> None:
    assert id_in("facebook", url, external_id=external_id) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"https://www.linkedin.com/feed/update/{SHARE}/", SHARE),
        (f"https://www.linkedin.com/feed/update/{SHARE}?actorCompanyId=3", SHARE),
        ("https://www.linkedin.com/feed/update/urn%3Ali%3AugcPost%3A7402/", "urn:li:ugcPost:7402"),
        (f"https://www.linkedin.com/embed/feed/update/{SHARE}", SHARE),
        ("https://uk.linkedin.com/posts/oak-school_come-on-share-7401-AbCd?utm_source=share", SHARE),
        ("https://www.linkedin.com/posts/oak-school_come-on-activity-7403-AbCd", None),
        ("https://www.linkedin.com/feed/update/urn:li:activity:7403/", None),
    ],
)
def test_linkedin_by_its_update_and_post_addresses(url: str, found: str | None) -> None:
    assert id_in("linkedin", url) == found


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        ("x", "https://x.com/oak"),
        ("x", "https://x.com.example.org/oak/status/1"),
        ("x", "https://example.org/oak/status/1"),
        ("x", "https://x.com/oak/status/1x"),
        ("x", "https://x.com/oak/status/"),
        ("x", "https://t.co/AbC"),
        ("facebook", "https://www.facebook.com/oak.school"),
        ("facebook", "https://notfacebook.com/3001/posts/42"),
        ("facebook", "https://www.facebook.com/oak/photos/1"),
        ("facebook", "https://x.com/oak/status/1"),
        ("linkedin", "https://www.linkedin.com/company/oak/"),
        ("linkedin", "https://linkedin.com.example.org/feed/update/urn:li:share:1"),
        ("linkedin", "https://www.linkedin.com/feed/update/urn:li:comment:1"),
    ],
)
def test_what_is_no_post_of_the_platform_is_refused(channel: str, url: str) -> None:
    with pytest.raises(WrongUse, match="is no post on"):
        id_in(channel, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.facebook.com/2002/posts/555",
        "https://www.facebook.com/2002/posts/pfbid02AbC",
        "https://facebook.com/2002_555",
        "https://m.facebook.com/story.php?story_fbid=555&id=2002",
    ],
)
def test_facebooks_address_of_another_page_is_refused(url: str) -> None:
    with pytest.raises(WrongUse, match="names another page than 3001"):
        id_in("facebook", url)
    assert id_in("facebook", url, external_id="") in {"2002_555", None}


@pytest.mark.parametrize(
    ("url", "named"),
    [
        (f"https://x.com/Oak/status/{NUMBER}?s=20", "Oak"),
        (f"https://mobile.twitter.com/oak/status/{NUMBER}", "oak"),
        (f"https://x.com/i/status/{NUMBER}", None),
        (f"https://x.com/i/web/status/{NUMBER}", None),
        ("https://x.com/oak", None),
    ],
)
def test_x_names_the_account_in_its_addresses(url: str, named: str | None) -> None:
    kind = load_channels()["x"]
    made = kind.from_settings(kind.settings_type())
    assert isinstance(made, NamesAccounts)
    assert made.account_in(url) == named
