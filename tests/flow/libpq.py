"""The system's libpq, through ctypes: what a test asks of its database takes milliseconds, where psql takes a tenth of a second to start.

    libpq.run("host=/tmp/… dbname=nav user=nav_core", "SELECT 1; SELECT 2")      # [["1"], ["2"]]

Used by: tests/flow/postgres.py. Must never: keep a connection."""

import ctypes
import select

TUPLES_OK, FINE, COPIES = 2, (0, 1, 2), (3, 4, 8)  # libpq-fe.h; fine: an empty query, a command, rows

_pq = ctypes.CDLL("libpq.so.5")
for _name, _gives, _takes in (
        ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]), ("PQfinish", None, [ctypes.c_void_p]),
        ("PQstatus", ctypes.c_int, [ctypes.c_void_p]), ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]),
        ("PQsendQuery", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p]), ("PQgetResult", ctypes.c_void_p, [ctypes.c_void_p]),
        ("PQisBusy", ctypes.c_int, [ctypes.c_void_p]), ("PQconsumeInput", ctypes.c_int, [ctypes.c_void_p]),
        ("PQsocket", ctypes.c_int, [ctypes.c_void_p]), ("PQclear", None, [ctypes.c_void_p]), ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]),
        ("PQresultErrorMessage", ctypes.c_char_p, [ctypes.c_void_p]), ("PQntuples", ctypes.c_int, [ctypes.c_void_p]),
        ("PQnfields", ctypes.c_int, [ctypes.c_void_p]), ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQsetNoticeProcessor", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p])):
    getattr(_pq, _name).restype = _gives
    getattr(_pq, _name).argtypes = _takes

_QUIET = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(lambda _, message: None)


class SqlError(Exception):
    """What the server, or libpq, said."""


def _rows(result):
    columns = range(_pq.PQnfields(result))
    return [[_pq.PQgetvalue(result, row, column).decode() for column in columns] for row in range(_pq.PQntuples(result))]


def _next(connection):
    """Waits in Python, where signals are handled: the test may be told to stop."""
    while _pq.PQisBusy(connection):
        select.select([_pq.PQsocket(connection)], [], [])
        if not _pq.PQconsumeInput(connection):
            break
    return _pq.PQgetResult(connection)


def _ask(connection, text):
    if not _pq.PQsendQuery(connection, text.encode()):
        raise SqlError(_pq.PQerrorMessage(connection).decode().strip())
    rows, fault = [], None
    while result := _next(connection):
        try:
            status = _pq.PQresultStatus(result)
            if status == TUPLES_OK:
                rows += _rows(result)
            elif status not in FINE and fault is None:
                fault = _pq.PQresultErrorMessage(result).decode().strip() or f"the result has status {status}"
        finally:
            _pq.PQclear(result)
        if status in COPIES or (fault is not None and _pq.PQstatus(connection) != 0):
            break
    if fault is not None:
        raise SqlError(fault)
    return rows


def run(conninfo, text):
    """All statements in one transaction; their rows as strings. SqlError."""
    connection = _pq.PQconnectdb(f"{conninfo} connect_timeout=60".encode())
    try:
        if _pq.PQstatus(connection) != 0:
            raise SqlError(_pq.PQerrorMessage(connection).decode().strip())
        _pq.PQsetNoticeProcessor(connection, ctypes.cast(_QUIET, ctypes.c_void_p), None)
        return _ask(connection, text)
    finally:
        _pq.PQfinish(connection)
