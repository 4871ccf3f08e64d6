"""Every kind of event has its own word, and no event can be written without one."""

from typing import get_args

from harness.core.event import KINDS, Event


def test_each_event_has_one_kind_and_each_kind_one_event():
    assert set(KINDS) == set(get_args(Event))
    assert len(set(KINDS.values())) == len(KINDS)
    assert all(kind == kind.lower() and " " not in kind for kind in KINDS.values())
