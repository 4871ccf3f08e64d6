import pytest

from coinbook.access import AccessPolicy, Role, User


def role(name, *, grants=(), denies=(), inherits=()):
    return Role(name, frozenset(grants), frozenset(denies), tuple(inherits))


@pytest.fixture
def policy():
    return AccessPolicy(
        [
            role("manager", grants=["entry.*", "export.csv"]),
            role("external", denies=["export.*"]),
            role("temp", inherits=["external"]),
            role("summer", inherits=["nobody-knows", "temp"]),
        ]
    )


@pytest.mark.parametrize("other", ["external", "temp", "summer"])
def test_denials_are_inherited(policy, other):
    assert not policy.allows(User("x", ("manager", other)), "export.csv")
    assert not policy.allows(User("x", (other, "manager")), "export.csv")
    assert policy.allows(User("x", ("manager", other)), "entry.post")


@pytest.mark.parametrize("spelled", ["External", " external ", "EXTERNAL", "Temp"], ids=["capital", "blanks", "upper", "inherited"])
def test_spelling_of_roles(policy, spelled):
    assert not policy.allows(User("x", ("manager", spelled)), "export.csv")


def test_spelling_in_inherits_and_grants():
    policy = AccessPolicy([role("Boss ", grants=["Entry.Approve"]), role("deputy", inherits=["bOSS"])])
    assert policy.allows(User("x", ("DEPUTY",)), "entry.approve")
    assert policy.allows(User("x", ("boss",)), "ENTRY.approve ")


def test_spelling_of_permissions(policy):
    assert not policy.allows(User("x", ("manager", "external")), "Export.CSV")


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("entry.post", True), ("entry.post.late", True), ("entry", False), ("entries.post", False), ("entryadmin.delete", False)],
)
def test_wildcards(policy, permission, allowed):
    assert policy.allows(User("x", ("manager",)), permission) is allowed


def test_lone_star_and_stars_elsewhere():
    policy = AccessPolicy([role("root", grants=["*"]), role("odd", grants=["ent*", "*.post"])])
    assert policy.allows(User("x", ("root",)), "anything")
    assert policy.allows(User("x", ("root",)), "any.thing")
    assert not policy.allows(User("x", ("odd",)), "entry.post")
    assert not policy.allows(User("x", ("odd",)), "entry")


@pytest.mark.parametrize(
    "roles",
    [
        [role("a", inherits=["a"])],
        [role("a", inherits=["b"]), role("b", inherits=["c"]), role("c", inherits=["A"])],
    ],
)
def test_circles(roles):
    with pytest.raises(ValueError, match="a"):
        AccessPolicy(roles)


def test_two_roles_of_one_name():
    with pytest.raises(ValueError):
        AccessPolicy([role("clerk", grants=["x.y"]), role("Clerk ")])


def test_a_diamond_is_no_circle():
    policy = AccessPolicy(
        [role("top", inherits=["left", "right"]), role("left", inherits=["base"]), role("right", inherits=["base"]), role("base", grants=["a.b"])]
    )
    assert policy.allows(User("x", ("top",)), "a.b")


def test_unknown_roles_mean_nothing(policy):
    assert not policy.allows(User("x", ("nobody-knows",)), "entry.post")
