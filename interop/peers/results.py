"""Results of checks, how they compare to the expected faults, and their tables."""

from collections import Counter
from dataclasses import dataclass

PASS, LACK, FAIL = "pass", "lack", "fail"
# The title of the second column.
KINDS = {"proxy": "HTTP", "browser": "through", "server": "language", "client": "language"}


@dataclass(frozen=True)
class Fault:
    """A known fault of a peer: it fails these checks in this role."""

    peer: str
    role: str
    checks: tuple
    text: str


@dataclass
class Row:
    """The results of a peer in a role: for each check `pass`, `lack` or `fail`, and details."""

    peer: str
    kind: str
    version: str
    results: dict

    @property
    def program(self):
        """The name of the peer, without how it is configured."""
        return self.peer.partition(",")[0].partition(" through ")[0]


class Report:
    """All rows, by role, and the comparison with the expected faults."""

    def __init__(self, columns, faults):
        self.columns = columns
        self.faults = {
            (fault.role, fault.peer, check): fault for fault in faults for check in fault.checks
        }
        self.rows = {role: [] for role in columns}
        self.counts = Counter()

    def add(self, role, row):
        self.rows[role].append(row)
        for check, (_, details) in row.results.items():
            cell = self.cell(role, row, check)
            self.counts[cell] += 1
            if cell in ("FAIL", "FIXED"):
                print(f"{cell} {role} {row.peer}, {check}: {details}", flush=True)

    def cell(self, role, row, check):
        if check not in row.results:
            return ""
        status, _ = row.results[check]
        is_expected = (role, row.peer, check) in self.faults
        if status == FAIL:
            return "fault" if is_expected else "FAIL"
        if is_expected:
            return "FIXED"
        return "✓" if status == PASS else "–"

    @property
    def failed(self):
        return self.counts["FAIL"] + self.counts["FIXED"]

    @property
    def passed(self):
        return self.counts.total() - self.failed

    def tables(self):
        """Each role, and its table in Markdown."""
        for role, rows in self.rows.items():
            if not rows:
                continue
            header = [role, KINDS[role], "version", *self.columns[role].values()]
            lines = [header, ["---"] * len(header)]
            for row in sorted(rows, key=lambda row: (row.kind, row.peer.lower())):
                cells = [self.cell(role, row, check) for check in self.columns[role]]
                lines.append([row.peer, row.kind, row.version, *cells])
            lines = [[cell.replace("|", "\\|") for cell in line] for line in lines]
            yield role, "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def fault_list(self):
        """The expected faults that this run met, as a list in Markdown."""
        met = {}
        for role, rows in self.rows.items():
            for row in rows:
                for check in row.results:
                    if fault := self.faults.get((role, row.peer, check)):
                        met[(row.peer.lower(), role, fault.text)] = fault
        for _, fault in sorted(met.items()):
            columns = self.columns[fault.role]
            names = [columns[check] for check in fault.checks]
            checks = "all checks" if len(names) == len(columns) else ", ".join(names)
            yield f"- {fault.peer}, {fault.role} ({checks}): {fault.text}"
