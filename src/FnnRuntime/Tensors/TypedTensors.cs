namespace FeedbackNN;

// Tensors whose axes are type arguments: a tensor over [Batch, Pixels] does not compile where [Batch, Classes] is meant. Sizes of axes
// with a fixed size are checked when a tensor is made.

/// <summary>A tensor with 1 typed axis.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
public sealed class Tensor<T, A0> : Tensor<T> where T : unmanaged where A0 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0) : base([size0]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0) : base(values, [size0]) { }

    /// <summary>A copy of a vector.</summary>
    /// <exception cref="ArgumentException">The length is not the fixed size of the axis.</exception>
    public Tensor(T[] values) : base(values) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
    }
}

/// <summary>A tensor with 2 typed axes.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
public sealed class Tensor<T, A0, A1> : Tensor<T> where T : unmanaged where A0 : IAxis where A1 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0, int size1) : base([size0, size1]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0, int size1) : base(values, [size0, size1]) { }

    /// <summary>A copy of an array.</summary>
    /// <exception cref="ArgumentException">A size is not the fixed size of its axis.</exception>
    public Tensor(T[,] values) : base(values) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + ", " + Axes.Text<A1>(Shape[1]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
        Axes.CheckSize<A1>(shape, 1);
    }
}

/// <summary>A tensor with 3 typed axes.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
public sealed class Tensor<T, A0, A1, A2> : Tensor<T> where T : unmanaged where A0 : IAxis where A1 : IAxis where A2 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0, int size1, int size2) : base([size0, size1, size2]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0, int size1, int size2) : base(values, [size0, size1, size2]) { }

    /// <summary>A copy of an array.</summary>
    /// <exception cref="ArgumentException">A size is not the fixed size of its axis.</exception>
    public Tensor(T[,,] values) : base(values) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + ", " + Axes.Text<A1>(Shape[1]) + ", " + Axes.Text<A2>(Shape[2]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
        Axes.CheckSize<A1>(shape, 1);
        Axes.CheckSize<A2>(shape, 2);
    }
}

/// <summary>A tensor with 4 typed axes.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
public sealed class Tensor<T, A0, A1, A2, A3> : Tensor<T> where T : unmanaged where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0, int size1, int size2, int size3) : base([size0, size1, size2, size3]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0, int size1, int size2, int size3) : base(values, [size0, size1, size2, size3]) { }

    /// <summary>A copy of an array.</summary>
    /// <exception cref="ArgumentException">A size is not the fixed size of its axis.</exception>
    public Tensor(T[,,,] values) : base(values) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + ", " + Axes.Text<A1>(Shape[1]) + ", " + Axes.Text<A2>(Shape[2]) + ", " + Axes.Text<A3>(Shape[3]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
        Axes.CheckSize<A1>(shape, 1);
        Axes.CheckSize<A2>(shape, 2);
        Axes.CheckSize<A3>(shape, 3);
    }
}

/// <summary>A tensor with 5 typed axes.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
/// <typeparam name="A4">The fifth axis.</typeparam>
public sealed class Tensor<T, A0, A1, A2, A3, A4> : Tensor<T> where T : unmanaged where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis where A4 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0, int size1, int size2, int size3, int size4) : base([size0, size1, size2, size3, size4]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0, int size1, int size2, int size3, int size4) : base(values, [size0, size1, size2, size3, size4]) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + ", " + Axes.Text<A1>(Shape[1]) + ", " + Axes.Text<A2>(Shape[2]) + ", " + Axes.Text<A3>(Shape[3]) + ", " + Axes.Text<A4>(Shape[4]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
        Axes.CheckSize<A1>(shape, 1);
        Axes.CheckSize<A2>(shape, 2);
        Axes.CheckSize<A3>(shape, 3);
        Axes.CheckSize<A4>(shape, 4);
    }
}

/// <summary>A tensor with 6 typed axes.</summary>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
/// <typeparam name="A4">The fifth axis.</typeparam>
/// <typeparam name="A5">The sixth axis.</typeparam>
public sealed class Tensor<T, A0, A1, A2, A3, A4, A5> : Tensor<T> where T : unmanaged where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis where A4 : IAxis where A5 : IAxis
{
    /// <summary>Zeros.</summary>
    /// <exception cref="ArgumentException">A size is negative or not the fixed size of its axis.</exception>
    public Tensor(int size0, int size1, int size2, int size3, int size4, int size5) : base([size0, size1, size2, size3, size4, size5]) { }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes, or a size is not the fixed size of its axis.</exception>
    public Tensor(ReadOnlySpan<T> values, int size0, int size1, int size2, int size3, int size4, int size5) : base(values, [size0, size1, size2, size3, size4, size5]) { }

    /// <inheritdoc/>
    protected override string ShapeText => "[" + Axes.Text<A0>(Shape[0]) + ", " + Axes.Text<A1>(Shape[1]) + ", " + Axes.Text<A2>(Shape[2]) + ", " + Axes.Text<A3>(Shape[3]) + ", " + Axes.Text<A4>(Shape[4]) + ", " + Axes.Text<A5>(Shape[5]) + "]";

    private protected override void CheckShape(ReadOnlySpan<int> shape)
    {
        base.CheckShape(shape);
        Axes.CheckSize<A0>(shape, 0);
        Axes.CheckSize<A1>(shape, 1);
        Axes.CheckSize<A2>(shape, 2);
        Axes.CheckSize<A3>(shape, 3);
        Axes.CheckSize<A4>(shape, 4);
        Axes.CheckSize<A5>(shape, 5);
    }
}
