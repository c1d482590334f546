"""Sources of rows: files of several formats, folders of them, and the lines of a request.

Each can be read again from any row.
"""

from closeknit.rooms.sensing.sources.csv_files import CsvFile
from closeknit.rooms.sensing.sources.excel import ExcelFile
from closeknit.rooms.sensing.sources.json_lines import JsonFile, JsonLines
from closeknit.rooms.sensing.sources.opening import Files, of_lines, open_file, open_path
from closeknit.rooms.sensing.sources.parquet import ParquetFile

__all__ = [
    "CsvFile",
    "ExcelFile",
    "Files",
    "JsonFile",
    "JsonLines",
    "ParquetFile",
    "of_lines",
    "open_file",
    "open_path",
]
