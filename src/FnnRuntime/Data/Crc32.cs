namespace FeedbackNN;

/// <summary>The checksum of gzip (RFC 1952, section 8), eight bytes a step.</summary>
internal struct Crc32
{
    private static readonly uint[][] Tables = MakeTables();

    private uint _inverted;

    public readonly uint Value => _inverted;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var crc = ~_inverted;
        var i = 0;
        for (; i + 8 <= bytes.Length; i += 8)
        {
            crc ^= (uint)(bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 | bytes[i + 3] << 24);
            crc = Tables[7][crc & 0xFF] ^ Tables[6][(crc >> 8) & 0xFF] ^ Tables[5][(crc >> 16) & 0xFF] ^ Tables[4][crc >> 24]
                ^ Tables[3][bytes[i + 4]] ^ Tables[2][bytes[i + 5]] ^ Tables[1][bytes[i + 6]] ^ Tables[0][bytes[i + 7]];
        }
        for (; i < bytes.Length; i++)
            crc = Tables[0][(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
        _inverted = ~crc;
    }

    // Table 0 takes one byte further; table k takes a byte that is followed by k zeros.
    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        tables[0] = new uint[256];
        for (uint value = 0; value < 256; value++)
        {
            var crc = value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            tables[0][value] = crc;
        }
        for (var k = 1; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (var value = 0; value < 256; value++)
                tables[k][value] = tables[0][tables[k - 1][value] & 0xFF] ^ (tables[k - 1][value] >> 8);
        }
        return tables;
    }
}
