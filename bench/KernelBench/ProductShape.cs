namespace KernelBench;

/// <summary>A product to measure. Layout: left and right matrix as stored, n for [rows, k] in row order, t for its transpose.</summary>
internal sealed record ProductShape(int Batch, int M, int K, int N, string Layout)
{
    public static readonly ProductShape[] All =
    [
        // So small that the call itself counts.
        new(1, 1, 8, 8, "nn"),
        new(1, 8, 8, 4, "nn"),

        // Layers: forward (weights [out, in]), gradient of the input, gradient of the weights.
        .. from batch in (int[])[1, 4, 8, 16, 32, 64, 100, 256, 1000, 1024] from step in Layer(batch, 784, 128) select step,
        .. Layer(32, 128, 128),
        .. Layer(64, 128, 10),
        .. Layer(256, 384, 1536),
        .. from size in (int[])[64, 128, 256, 512, 1024, 2048] select new ProductShape(1, size, size, size, "nt"),
        new(1, 512, 512, 512, "nn"),
        new(1, 512, 512, 512, "tt"),
        new(1, 1024, 1024, 1024, "nn"),
        new(64, 128, 32, 128, "nn"),
        new(64, 128, 128, 32, "nt"),
        new(1, 1024, 1024, 1, "nn"),
        new(1, 64, 20000, 64, "nn"),
    ];

    public string Name => $"{(Batch > 1 ? $"{Batch} of " : "")}{M} x {K} x {N}";

    private static IEnumerable<ProductShape> Layer(int batch, int input, int output) =>
    [
        new(1, batch, input, output, "nn"),
        new(1, batch, output, input, "nt"),
        new(1, output, batch, input, "tt"),
    ];
}
