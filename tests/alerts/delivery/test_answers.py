"""What an answer means: final, or tried again and when; and that no credential is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.delivery.answers import excerpt, of_status, retry_after

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "sent"), (202, "sent"), (204, "sent"), (302, "dead"), (400, "dead"), (401, "dead"), (404, "dead"),
     (408, "failed"), (410, "dead"), (425, "failed"), (429, "failed"), (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_only_what_may_work_later_is_tried_again(status: int, outcome: str) -> None:
    assert of_status(status, {}, b"", NOW).outcome == outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), (" 0 ", 0), ("Tue, 24 Nov 2026 03:01:30 GMT", 90), ("Tue, 24 Nov 2026 02:00:00 GMT", 0),
     ("", None), ("soon", None), ("-5", None), ("²", None), ("1" * 400, 10**6)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, seconds: int | None) -> None:
    assert retry_after(text, NOW) == (None if seconds is None else timedelta(seconds=seconds))


def test_an_answer_shows_no_credential() -> None:
    said = excerpt(
        b"no such hook /services/T0/B0/s3cr3t\n (key abcdef012345)", ["/services/T0/B0/s3cr3t", "abcdef012345"]
    )
    assert said == "no such hook *** (key ***)"


def test_a_redirect_names_the_host_alone() -> None:
    result = of_status(302, {"location": "https://login.example/?token=abc"}, b"", NOW)
    assert "login.example" in result.answer
    assert "token" not in result.answer
