"""If: `if … elif … else`, to Python and from it; conditions.py has the tests.

A plain `elif` is an If alone in an Otherwise; the further branches of one If (Otherwise If) are `elif otherwise_if(…)`.
"""

from __future__ import annotations

import ast

from shortcuts import control_flow
from shortcuts.control_flow import Block
from shortcuts.forms import conditions, signatures
from shortcuts.forms.markers import MarkerReader, MarkerWriter
from shortcuts.syntax.nodes import call, called


def write(block: Block, markers: MarkerWriter) -> ast.stmt:
    """Return the statement of an If. Raises Unbalanced for a second Otherwise."""
    parameters = markers.parameters(block.start)
    raw = block.start in markers.raw
    markers.scope.value_types.end = block.start
    test = call("when", **markers.literals(parameters)) if raw else conditions.to_expr(parameters, markers.scope)
    statement = result = ast.If(test, markers.body(block.branches[0], parameters.keys()), [])
    for branch in block.branches[1:]:
        own = markers.parameters(branch.marker)
        if own.keys() & {"WFCondition", "WFConditions"}:
            markers.scope.value_types.end = branch.marker
            nested = ast.If(call("otherwise_if", conditions.to_expr(own, markers.scope)), markers.body(branch, own.keys()), [])
            statement.orelse = [nested]
            statement = nested
        elif statement.orelse:
            raise control_flow.Unbalanced(branch.marker, "a second Otherwise")
        else:
            statement.orelse = markers.body(branch, {*conditions.OPERANDS, "WFInput"})
    return result


def read(node: ast.If, markers: MarkerReader) -> None:
    """Append the actions of an If. Raises DialectError."""
    while (test := conditions.inverse(node.test)) is not None:  # `not x.startswith('a')`: the steps go under Otherwise
        node = ast.copy_location(ast.If(test, node.orelse or [ast.copy_location(ast.Pass(), node)], node.body), node)
    group, _ = markers.open("if", conditions.from_expr(node.test, markers.scope), node.lineno)
    markers.body(node.body)
    branch = node
    while len(branch.orelse) == 1 and isinstance(branch.orelse[0], ast.If) and called(branch.orelse[0].test) == "otherwise_if":
        branch = branch.orelse[0]
        assert isinstance(branch.test, ast.Call)
        marker = markers.mark("if", group, control_flow.MIDDLE, {}, branch.lineno)  # first, since no output comes before its test
        marker.update(conditions.from_expr(signatures.bind(branch.test)["test"], markers.scope))
        markers.body(branch.body)
    if branch.orelse:
        markers.mark("if", group, control_flow.MIDDLE, {}, branch.orelse[0].lineno)
        markers.body(branch.orelse)
    markers.mark("if", group, control_flow.END, {}, node.lineno)
