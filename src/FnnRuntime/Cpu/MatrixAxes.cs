using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>
/// The axes that the rows (or the columns) of a matrix run through in memory, outermost first: row r is the r-th place when the last axis runs
/// fastest. The windows of a convolution are such a matrix, whose elements overlap in memory.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MatrixAxes
{
    /// <summary>The most axes there are.</summary>
    public const int MaximumCount = 6;

    private fixed long _lengths[MaximumCount];
    private fixed long _strides[MaximumCount];

    /// <summary>Axes given as length, stride, length, stride, …: at least one.</summary>
    /// <exception cref="ArgumentException">There are none, or more than <see cref="MaximumCount"/>.</exception>
    public MatrixAxes(ReadOnlySpan<nint> lengthsAndStrides)
    {
        Count = lengthsAndStrides.Length / 2;
        if (Count is 0 or > MaximumCount || lengthsAndStrides.Length % 2 != 0) throw new ArgumentException($"One to {MaximumCount} lengths with strides, not {lengthsAndStrides.Length} numbers.", nameof(lengthsAndStrides));
        for (var axis = 0; axis < Count; axis++)
        {
            _lengths[axis] = lengthsAndStrides[2 * axis];
            _strides[axis] = lengthsAndStrides[(2 * axis) + 1];
        }
    }

    internal int Count { get; }

    /// <summary>The axes there are, or the one that a length and a stride stand for.</summary>
    internal static MatrixAxes Of(MatrixAxes* axes, nint length, nint stride) => axes != null ? *axes : new MatrixAxes([length, stride]);

    /// <summary>The length of the innermost axis: so many neighbours lie <see cref="RunStride"/> apart.</summary>
    internal readonly nint RunLength => (nint)_lengths[Count - 1];

    internal readonly nint RunStride => (nint)_strides[Count - 1];

    /// <summary>The length of the axis before the innermost, where there are two.</summary>
    internal readonly nint LengthBeforeRun => (nint)_lengths[Count - 2];

    /// <summary>
    /// The strides of as many axes as <paramref name="lengths"/> has, outermost first, if these axes can be taken for them: an axis of several of them that lie behind each other is
    /// one of <see cref="MatrixAxes"/>.
    /// </summary>
    internal readonly bool TrySplit(ReadOnlySpan<nint> lengths, Span<nint> strides)
    {
        var axis = Count - 1;
        nint taken = 1;
        for (var i = lengths.Length - 1; i >= 0; i--)
        {
            strides[i] = 0;
            if (lengths[i] == 1) continue;
            if (axis < 0 || _lengths[axis] % (taken * lengths[i]) != 0) return false;
            strides[i] = (nint)_strides[axis] * taken;
            taken *= lengths[i];
            if (taken != _lengths[axis]) continue;
            axis--;
            taken = 1;
        }

        while (axis >= 0 && _lengths[axis] == 1) axis--;
        return axis < 0 && taken == 1;
    }

    /// <summary>Where row (or column) number <paramref name="index"/> lies.</summary>
    internal readonly nint Offset(nint index)
    {
        nint offset = 0;
        for (var axis = Count - 1; axis > 0; axis--)
        {
            var (rest, position) = Math.DivRem(index, (nint)_lengths[axis]);
            offset += position * (nint)_strides[axis];
            index = rest;
        }

        return offset + (index * (nint)_strides[0]);
    }

    /// <summary>Goes through a stretch of the rows (or columns), a run of the innermost axis at a time.</summary>
    internal ref struct Runs
    {
        private readonly MatrixAxes* _axes;
        private fixed long _position[MaximumCount];
        private nint _outer;
        private nint _remaining;

        public Runs(MatrixAxes* axes, nint start, nint count)
        {
            _axes = axes;
            _remaining = count;
            for (var axis = axes->Count - 1; axis > 0; axis--)
            {
                (start, var position) = Math.DivRem(start, (nint)axes->_lengths[axis]);
                _position[axis] = position;
            }

            _position[0] = start;
            for (var axis = 0; axis < axes->Count - 1; axis++) _outer += (nint)(_position[axis] * axes->_strides[axis]);
        }

        /// <summary>Whether the run that <see cref="Next"/> gave was the last.</summary>
        public readonly bool IsAtEnd => _remaining == 0;

        /// <summary>The next run: where its first place lies, and how many it has. False behind the last.</summary>
        public bool Next(out nint offset, out nint length)
        {
            var last = _axes->Count - 1;
            offset = _outer + (nint)(_position[last] * _axes->_strides[last]);
            length = Math.Min((nint)(_axes->_lengths[last] - _position[last]), _remaining);
            if (_remaining == 0) return false;
            _remaining -= length;
            _position[last] = 0;
            for (var axis = last - 1; axis >= 0; axis--)
            {
                _outer += (nint)_axes->_strides[axis];
                if (++_position[axis] < _axes->_lengths[axis] || axis == 0) break;
                _position[axis] = 0;
                _outer -= (nint)(_axes->_lengths[axis] * _axes->_strides[axis]);
            }

            return true;
        }
    }
}
