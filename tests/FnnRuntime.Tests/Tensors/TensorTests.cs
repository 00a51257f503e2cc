namespace FeedbackNN.Runtime.Tests.Tensors;

public sealed unsafe class TensorTests
{
    private sealed class Batch : IAxis
    {
        public static string Name => "batch";

        public static int? FixedSize => null;
    }

    private sealed class Pixels : IAxis
    {
        public static string Name => "pixels";

        public static int? FixedSize => 3;
    }

    private sealed class N2 : IAxis
    {
        public static string Name => "2";

        public static int? FixedSize => 2;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(1000)]
    public void Memory_is_aligned_and_has_room_behind_its_end(int length)
    {
        using var tensor = new Tensor<float>(length);
        Assert.Equal(0, (nint)tensor.Pointer % 64);
        for (var i = 0; i < length + 16; i++) Assert.Equal(0f, tensor.Pointer[i]);
    }

    [Fact]
    public void Elements_lie_in_row_major_order()
    {
        using var matrix = new Tensor<int>(new[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([1, 2, 3, 4, 5, 6], matrix.ToArray());
        Assert.Equal(6, matrix[1, 2]);
        Assert.Equal([4, 5, 6], matrix.Slice(1).ToArray());
        using var cube = new Tensor<double>(new[,,] { { { 1.0, 2 } }, { { 3, 4 } } });
        Assert.Equal(3, cube[1, 0, 0]);
        using var four = new Tensor<bool>(new[,,,] { { { { true, false } } } });
        Assert.False(four[0, 0, 0, 1]);
        Assert.Equal([1, 1, 1, 2], four.Shape.ToArray());
    }

    [Fact]
    public void A_tensor_without_axes_is_a_number()
    {
        using var number = new Tensor<float>([2.5f], []);
        Assert.Equal((0, 1, 2.5f), (number.Rank, number.Length, number.Span[0]));
    }

    [Fact]
    public void An_index_outside_is_refused()
    {
        using var matrix = new Tensor<float>(2, 3);
        Assert.Contains("[2, 0] lies outside", Assert.Throws<IndexOutOfRangeException>(() => matrix[2, 0]).Message);
        Assert.Throws<IndexOutOfRangeException>(() => matrix[0, -1]);
        Assert.Throws<IndexOutOfRangeException>(() => matrix[0]);
        Assert.Throws<IndexOutOfRangeException>(() => matrix.Slice(2).Length);
    }

    [Fact]
    public void Wrong_sizes_are_refused_with_a_reason()
    {
        Assert.Contains("takes 6 values; 5 were given", Assert.Throws<ArgumentException>(() => new Tensor<float>(new float[5], 2, 3)).Message);
        Assert.Contains("negative", Assert.Throws<ArgumentException>(() => new Tensor<float>(-1)).Message);
        Assert.Contains("more than 2^31 - 1", Assert.Throws<ArgumentException>(() => new Tensor<float>(1 << 16, 1 << 16)).Message);
        Assert.Throws<ArgumentException>(() => new Tensor<short>(1));
        using var empty = new Tensor<float>(1 << 16, 1 << 16, 0);
        Assert.Equal(0, empty.Length);
    }

    [Fact]
    public void Fixed_axes_have_their_size()
    {
        using var right = new Tensor<float, Batch, Pixels>(new float[4, 3]);
        Assert.Equal("float[batch = 4, pixels = 3]", right.ToString());
        var named = Assert.Throws<ArgumentException>(() => new Tensor<float, Batch, Pixels>(new float[4, 2]));
        Assert.StartsWith("Axis 1 (pixels) has 3 elements, but the shape given is [4, 2].", named.Message);
        var number = Assert.Throws<ArgumentException>(() => new Tensor<float, N2>([1f, 2f, 3f]));
        Assert.StartsWith("Axis 0 has 2 elements, but the shape given is [3].", number.Message);
        Assert.Throws<ArgumentException>(() => right.Resize(4, 2));
    }

    [Fact]
    public void Resizing_down_and_up_again_keeps_the_memory()
    {
        using var tensor = new Tensor<float, Batch, Pixels>(8, 3);
        var pointer = (nint)tensor.Pointer;
        tensor.Resize(5, 3);
        Assert.Equal(15, tensor.Length);
        tensor.Resize(8, 3);
        Assert.Equal(pointer, (nint)tensor.Pointer);
        tensor.Resize(1000, 3);
        tensor.Span.Fill(1);
        Assert.Equal(3000, tensor.Length);
        Assert.Throws<ArgumentException>(() => tensor.Resize(4));
    }

    [Fact]
    public void A_disposed_tensor_throws_instead_of_reading_freed_memory()
    {
        var tensor = new Tensor<float>(4);
        tensor.Dispose();
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Span.Length);
    }
}
