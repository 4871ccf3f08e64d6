"""Proofs without a run, for what is done with proofs."""

from harness.core.errors import SandboxError
from harness.evals.proving import CanaryResult, Claim, EnvironmentRecord, Proof, Rejection, RunMade

LOCK = "pytest==8.3.3 --hash=sha256:" + "0" * 64 + "\n"
RUN = RunMade(state="after", scope="touched", hash_seed=0, shuffled=False, wall_s=0.5, counts={"passed": 1})


def proof_of(claim: Claim, **changes) -> Proof:
    """A proof of *claim* whose deciding tests are one per hidden test module."""
    files = sorted(path for path, content in claim.hidden.items() if content is not None and "test_" in path)
    said = {
        "f2p": {f"{path}::test_{claim.id[:4]}": "new" for path in files},
        "p2p": ("tests/test_names.py::test_lower",),
        "known_failures": {"tests/test_network.py::test_home_page": "failed"},
        "flaky": {},
        "lost": (),
        "collection_error": False,
        "timeout_s": 30.0,
        "runs": (RUN,),
        "hash_seeds": (0, 1),
        "environment": EnvironmentRecord(digest="e" * 8, python="==3.11.*", lock=LOCK),
        "canaries": CanaryResult(changed=1, failed=1),
        "seconds": 1.5,
    }
    return Proof(**{**said, **changes})


class Table:
    """Proves claims by a table of what to say about a commit; every other is proven."""

    def __init__(self, **said) -> None:
        self.said = said
        self.asked: list[str] = []

    async def prove(self, claim: Claim) -> Proof | Rejection:
        self.asked.append(claim.id)
        found = self.said.get(claim.id)
        if isinstance(found, SandboxError):
            raise found
        return proof_of(claim) if found is None else found
