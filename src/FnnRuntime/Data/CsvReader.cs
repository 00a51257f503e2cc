using System.Text;

namespace FeedbackNN;

/// <summary>
/// Cuts a file of separated values into records and fields, by RFC 4180, as it streams in: fields may stand in quotes, and then hold separators,
/// line ends, and quotes written twice. Lines end with LF, CR LF or CR; every record must have as many fields as the first.
/// </summary>
internal sealed class CsvReader : IDisposable
{
    private const int MaximumRecord = 1 << 28;

    private readonly string _path;
    private readonly Stream _stream;
    private readonly byte _separator;

    // The separator once more where quotes mean nothing.
    private readonly byte _quote;
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _next;
    private int _end;
    private long _currentLine = 1;

    private byte[] _record = new byte[1 << 12];
    private int _recordLength;
    private int[] _fieldEnds = new int[16];
    private bool _firstRecordDone;

    public CsvReader(string path, CsvOptions options)
    {
        _path = path;
        _separator = (byte)options.Separator;
        _quote = options.HasQuotes ? (byte)'"' : _separator;
        _stream = DataFile.Open(path);
        try
        {
            SkipByteOrderMark();
            if (options.HasHeader)
            {
                if (!Read())
                    throw new DataException(path, "it is empty", "It should begin with a line of column names");
                Header = new string[FieldCount];
                for (var i = 0; i < FieldCount; i++)
                    Header[i] = Text(i);
            }
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>The names of the columns; null when the file has no header.</summary>
    public string[]? Header { get; }

    /// <summary>How many fields each record has: known after the first.</summary>
    public int FieldCount { get; private set; }

    /// <summary>The line in which the current record begins, from 1.</summary>
    public long Line { get; private set; }

    public string Path => _path;

    public ReadOnlySpan<byte> Field(int index)
    {
        var begin = index == 0 ? 0 : _fieldEnds[index - 1];
        return _record.AsSpan(begin, _fieldEnds[index] - begin);
    }

    /// <summary>A field as text.</summary>
    /// <exception cref="DataException">It is no UTF-8.</exception>
    public string Text(int index) => CsvFields.Text(new CsvPlace(_path, Line, index, Header), Field(index));

    /// <summary>Reads the next record; false at the end of the file.</summary>
    /// <exception cref="DataException">The text breaks the rules of quoting, or the record has another number of fields than the first.</exception>
    public bool Read()
    {
        _recordLength = 0;
        Line = _currentLine;
        if (Peek() < 0)
            return false;

        var fields = 0;
        bool more;
        do
        {
            more = Peek() == _quote && _quote != _separator ? ReadQuoted() : ReadPlain();
            if (fields == _fieldEnds.Length)
                Array.Resize(ref _fieldEnds, fields * 2);
            _fieldEnds[fields++] = _recordLength;
        }
        while (more);

        if (!_firstRecordDone)
        {
            FieldCount = fields;
            _firstRecordDone = true;
        }
        else if (fields != FieldCount)
        {
            throw DataException.AtLine(
                _path,
                Line,
                fields == 1 && _recordLength == 0 ? $"the line is empty, where {Fields(FieldCount)} are expected" : $"{Fields(fields)} where the first line has {FieldCount}",
                "Correct or remove the line, or check the separator");
        }
        return true;
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>A field without quotes, up to the separator (then true: another field follows), the line end or the end of the file.</summary>
    private bool ReadPlain()
    {
        while (true)
        {
            var rest = _buffer.AsSpan(_next, _end - _next);
            var stop = rest.IndexOfAny((ReadOnlySpan<byte>)[_separator, (byte)'\n', (byte)'\r', _quote]);
            Keep(stop < 0 ? rest : rest[..stop]);
            _next += stop < 0 ? rest.Length : stop;
            if (stop < 0)
            {
                if (Peek() < 0)
                    return false;
                continue;
            }
            if (_buffer[_next] == _quote && _quote != _separator)
            {
                throw DataException.AtLine(
                    _path, _currentLine, "a quote stands inside a field that does not begin with one", "Put the whole field in quotes and write the quote twice");
            }
            return ReadFieldEnd();
        }
    }

    private bool ReadQuoted()
    {
        var opened = _currentLine;
        _next++;
        while (true)
        {
            if (Peek() < 0)
                throw DataException.AtLine(_path, opened, "a quote is opened here and never closed", "Close it, or write a quote that belongs to the text twice inside quotes");

            var rest = _buffer.AsSpan(_next, _end - _next);
            var stop = rest.IndexOfAny((byte)'"', (byte)'\n', (byte)'\r');
            Keep(stop < 0 ? rest : rest[..stop]);
            _next += stop < 0 ? rest.Length : stop;
            if (stop < 0)
                continue;

            var special = _buffer[_next++];
            if (special == '"')
            {
                if (Peek() == '"')
                {
                    _next++;
                    Keep("\""u8);
                    continue;
                }
                break;
            }
            Keep([special]);
            // A line end of two bytes counts once.
            if (special == '\n' || Peek() != '\n')
                _currentLine++;
        }

        var next = Peek();
        if (next >= 0 && next != _separator && next != '\n' && next != '\r')
            throw DataException.AtLine(_path, _currentLine, "text follows a closing quote", "Only a separator or the line's end may; write a quote that belongs to the text twice");
        return next >= 0 && ReadFieldEnd();
    }

    /// <summary>Takes a separator (true) or a line end (false).</summary>
    private bool ReadFieldEnd()
    {
        var end = _buffer[_next++];
        if (end == _separator)
            return true;
        if (end == '\r' && Peek() == '\n')
            _next++;
        _currentLine++;
        return false;
    }

    /// <summary>The next byte, which stays where it is; -1 at the end of the file.</summary>
    private int Peek()
    {
        if (_next == _end)
        {
            _next = 0;
            try
            {
                _end = _stream.Read(_buffer);
            }
            catch (IOException error)
            {
                _end = 0;
                throw DataException.AtLine(_path, _currentLine, $"the file can't be read on ({error.Message.TrimEnd('.')})", "Check the disk or the connection", error);
            }
            if (_end == 0)
                return -1;
        }
        return _buffer[_next];
    }

    private void Keep(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaximumRecord - _recordLength)
            throw DataException.AtLine(_path, Line, "this line and what belongs to it have more than 256 MiB", "Look for a quote that is never closed");
        if (bytes.Length > _record.Length - _recordLength)
            Array.Resize(ref _record, Math.Max(_record.Length * 2, _recordLength + bytes.Length));
        bytes.CopyTo(_record.AsSpan(_recordLength));
        _recordLength += bytes.Length;
    }

    private void SkipByteOrderMark()
    {
        var mark = Encoding.UTF8.Preamble;
        _end = _stream.ReadAtLeast(_buffer, mark.Length, throwOnEndOfStream: false);
        if (_buffer.AsSpan(0, _end).StartsWith(mark))
            _next = mark.Length;
    }

    private static string Fields(int count) => count == 1 ? "1 field" : $"{count} fields";
}
