namespace FeedbackNN.Gpu;

/// <summary>A square that the warps of a group compute on tensor cores: two rows of warps, with 32 columns each.</summary>
internal interface ITensorTile : ITileGeometry
{
    /// <summary>Of a group: each of them is two readers of each operand.</summary>
    static abstract int Threads { get; }

    /// <summary>Warps side by side, a power of two of them.</summary>
    static abstract int WarpBits { get; }
}

/// <summary>128 x 128 by 8 warps, two rows of four: 64 x 32 a warp, 64 sums a lane.</summary>
[LaunchBounds(256, 2)]
internal readonly struct LargeTensorTile : ITensorTile
{
    public static int Side => 128;

    public static int SideBits => 7;

    public static int Depth => TensorPlaces.Depth;

    public static int Readers => 512;

    public static int Threads => 256;

    public static int WarpBits => 2;
}

/// <summary>64 x 64 by 4 warps, two rows of two: 32 x 32 a warp, 32 sums a lane.</summary>
[LaunchBounds(128, 4)]
internal readonly struct MediumTensorTile : ITensorTile
{
    public static int Side => 64;

    public static int SideBits => 6;

    public static int Depth => TensorPlaces.Depth;

    public static int Readers => 256;

    public static int Threads => 128;

    public static int WarpBits => 1;
}
