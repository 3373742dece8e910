"""Reserved words of programming languages, which no member of a document should use as its name."""

from __future__ import annotations

import keyword
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JAVASCRIPT = """
    arguments await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for function if implements import in instanceof interface let new null package
    private protected public return static super switch this throw true try typeof var void while with yield
"""
"""ECMA-262, ReservedWord and the additions of strict mode."""

JAVA = """
    abstract assert boolean break byte case catch char class const continue default do double else enum
    extends false final finally float for goto if implements import instanceof int interface long native new
    null package private protected public return short static strictfp super switch synchronized this throw
    throws transient true try void volatile while
"""
"""Java Language Specification, section 3.9, reserved keywords, and the literals."""

C_SHARP = """
    abstract as base bool break byte case catch char checked class const continue decimal default delegate do
    double else enum event explicit extern false finally fixed float for foreach goto if implicit in int
    interface internal is lock long namespace new null object operator out override params private protected
    public readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw
    true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while
"""
"""ECMA-334, section 6.4.4, without contextual keywords."""

SQL = """
    abs acos all allocate alter and any are array array_agg as asensitive asin asymmetric at atan atomic
    authorization avg begin between bigint binary blob boolean both by call called cardinality cascaded case
    cast ceil ceiling char character check classifier clob close coalesce collate collect column commit
    condition connect constraint contains convert copy corr corresponding cos cosh count create cross cube
    current current_date current_time current_timestamp current_user cursor cycle date day deallocate dec
    decfloat decimal declare default define delete deref describe deterministic disconnect distinct double
    drop dynamic each element else empty end equals escape every except exec execute exists exp external
    extract false fetch filter float floor for foreign free from full function fusion get global grant group
    grouping groups having hold hour identity in indicator initial inner inout insensitive insert int integer
    intersect intersection interval into is join lag language large lateral lead leading left like listagg ln
    local localtime localtimestamp log lower match matches max member merge method min minute mod modifies
    module month multiset national natural nchar nclob new no none normalize not ntile null nullif numeric of
    offset old omit on one only open or order out outer over overlaps overlay parameter partition pattern per
    percent period portion position power precedes precision prepare primary procedure ptf range rank reads
    real recursive ref references referencing release result return returns revoke right rollback rollup row
    rows running savepoint scope scroll search second seek select sensitive session_user set show similar sin
    sinh skip smallint some specific sql sqrt start static subset substring succeeds sum symmetric system
    table tablesample tan tanh then time timestamp to trailing translate translation treat trigger trim true
    truncate uescape union unique unknown unnest update upper user using value values varbinary varchar
    varying versioning when whenever where window with within without year
"""
"""ISO/IEC 9075-2:2016, section 5.2, reserved words, without multi-word ones."""

RESERVED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Python": frozenset(word.lower() for word in keyword.kwlist),
        "JavaScript": frozenset(JAVASCRIPT.split()),
        "Java": frozenset(JAVA.split()),
        "C#": frozenset(C_SHARP.split()),
        "SQL": frozenset(SQL.split()),
    }
)
"""The reserved words of each language, in lower case."""
