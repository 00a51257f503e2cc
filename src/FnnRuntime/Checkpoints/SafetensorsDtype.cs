namespace FeedbackNN;

/// <summary>The element types of the safetensors format; each is stored little-endian.</summary>
public enum SafetensorsDtype
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Bool,

    /// <summary>U8: unsigned, 8 bits.</summary>
    UInt8,

    /// <summary>I8: signed, 8 bits.</summary>
    Int8,

    /// <summary>F8_E5M2: float of 8 bits with 5 of exponent.</summary>
    Float8E5M2,

    /// <summary>F8_E4M3: float of 8 bits with 4 of exponent.</summary>
    Float8E4M3,

    /// <summary>I16: signed, 16 bits.</summary>
    Int16,

    /// <summary>U16: unsigned, 16 bits.</summary>
    UInt16,

    /// <summary>F16: IEEE float of 16 bits.</summary>
    Float16,

    /// <summary>BF16: the upper half of a float of 32 bits.</summary>
    BFloat16,

    /// <summary>I32: signed, 32 bits.</summary>
    Int32,

    /// <summary>U32: unsigned, 32 bits.</summary>
    UInt32,

    /// <summary>F32: IEEE float of 32 bits.</summary>
    Float32,

    /// <summary>F64: IEEE float of 64 bits.</summary>
    Float64,

    /// <summary>I64: signed, 64 bits.</summary>
    Int64,

    /// <summary>U64: unsigned, 64 bits.</summary>
    UInt64,
}

/// <summary>The format's name and the size of each element type.</summary>
public static class SafetensorsDtypes
{
    private static readonly (string Name, int Bytes)[] Rows =
    [
        ("BOOL", 1), ("U8", 1), ("I8", 1), ("F8_E5M2", 1), ("F8_E4M3", 1), ("I16", 2), ("U16", 2), ("F16", 2), ("BF16", 2),
        ("I32", 4), ("U32", 4), ("F32", 4), ("F64", 8), ("I64", 8), ("U64", 8),
    ];

    /// <summary>The name in a file's header, such as <c>F32</c>.</summary>
    public static string Name(this SafetensorsDtype dtype) => Rows[(int)dtype].Name;

    /// <summary>The bytes of one element.</summary>
    public static int Bytes(this SafetensorsDtype dtype) => Rows[(int)dtype].Bytes;

    internal static bool TryParse(string? name, out SafetensorsDtype dtype)
    {
        var row = Array.FindIndex(Rows, row => row.Name == name);
        dtype = (SafetensorsDtype)Math.Max(row, 0);
        return row >= 0;
    }

    internal static string AllNames => string.Join(", ", Rows.Select(row => row.Name));
}
