using FeedbackNN.Gpu.Indices;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Integers that callers give and programs index by: whatever lies outside of an axis is refused, and whatever lies inside is taken, on each device.</summary>
public sealed class IndexTests
{
    public static TheoryData<string> Devices => new("cpu", "gpu");

    [SkippableTheory]
    [MemberData(nameof(Devices))]
    public void Columns_of_one_tensor_have_a_range_each(string device)
    {
        using var net = new Columns(Find(device), seed: 1);
        using var good = new Tensor<int, Batch, N2>([2, 99, 0, 3], 2, 2);
        Assert.All(net.Forward(good).ToArray(), value => Assert.True(float.IsFinite(value)));
        Assert.StartsWith("an index in 'kind(x[:, 0])' must lie in 0..2, but element 1 is 3", Refused(net, [0, 0, 3, 0]), StringComparison.Ordinal);
        Assert.StartsWith("an index in 'word(x[:, 1])' must lie in 0..99, but element 0 is -1", Refused(net, [0, -1, 0, 0]), StringComparison.Ordinal);

        static string Refused(Columns net, int[] numbers)
        {
            using var bad = new Tensor<int, Batch, N2>(numbers, 2, 2);
            return Assert.Throws<ArgumentOutOfRangeException>(() => net.Forward(bad)).Message;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Devices))]
    public void Integers_that_index_nothing_may_be_any(string device)
    {
        using var net = new Beside(Find(device), seed: 1);
        using var x = new Tensor<int, Batch, N2>([2, 1000, 0, -7], 2, 2);
        using var word = new Tensor<int, Batch>([-5, 100], 2);
        Assert.Equal(1000 * net.Parameters.Kind.Weight.Value.ToArray()[8], net.Forward(x, word).ToArray()[0]);
        Assert.StartsWith("an index in 'words(word)' must lie in 0..99, but element 0 is -5", Assert.Throws<ArgumentOutOfRangeException>(() => net.ForwardTraining(x, word)).Message, StringComparison.Ordinal);
        using var bad = new Tensor<int, Batch, N2>([0, 0, 3, 0], 2, 2);
        Assert.StartsWith("an index in 'kind(x[:, 0])' must lie in 0..2, but element 1 is 3", Assert.Throws<ArgumentOutOfRangeException>(() => net.Forward(bad, word)).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Devices))]
    public void Training_and_inference_have_a_range_each(string device)
    {
        using var net = new Modes(Find(device), seed: 1);
        using var x = new Tensor<int, Batch>([3, 2], 2);
        net.ForwardTraining(x);
        Assert.StartsWith("an index in 'few(x)' must lie in 0..2, but element 0 is 3", Assert.Throws<ArgumentOutOfRangeException>(() => net.Forward(x)).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Devices))]
    public void Integers_of_64_bits_are_looked_at_whole(string device)
    {
        using var net = new Wide(Find(device), seed: 1);
        using var good = new Tensor<long, Batch>([2, 0], 2);
        var (given, computed) = net.Forward(good);
        Assert.Equal(net.Parameters.Table.Value.ToArray()[8..12], given.ToArray()[..4]);
        Assert.Equal(net.Parameters.Table.Value.ToArray()[16..20], computed.ToArray()[..4]);
        // Cut to 32 bits it would be 1.
        using var bad = new Tensor<long, Batch>([0, (1L << 32) + 1], 2);
        Assert.StartsWith("In 'x', element [1] is 4294967297; it is used as an index and must be from 0 to 4.", Assert.Throws<ArgumentException>(() => net.Forward(bad)).Message, StringComparison.Ordinal);
        using var four = new Tensor<long, Batch>([0, 4], 2);
        Assert.StartsWith("next[b] must lie in 0..4, but element 1 is 8", Assert.Throws<ArgumentOutOfRangeException>(() => net.Forward(four)).Message, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Devices))]
    public void A_length_is_one_of_the_axis(string device)
    {
        using var net = new Summed(Find(device), seed: 1);
        using var x = new Tensor<float, Batch, Time>([1, 2, 3, 4, 5, 6], 2, 3);
        using var good = new Tensor<int, Batch>([0, 3], 2);
        Assert.Equal([0f, 15], net.Forward(x, good).ToArray());
        using var behind = new Tensor<int, Batch>([0, 4], 2);
        Assert.StartsWith("In 'length', element [1] is 4; it is used as a length and must be from 0 to 3.", Assert.Throws<ArgumentException>(() => net.Forward(x, behind)).Message, StringComparison.Ordinal);
        using var below = new Tensor<int, Batch>([-1, 3], 2);
        Assert.StartsWith("In 'length', element [0] is -1; it is used as a length and must be from 0 to 3.", Assert.Throws<ArgumentException>(() => net.Forward(x, below)).Message, StringComparison.Ordinal);
    }

    private static Device Find(string device) => device == "cpu" ? Device.Cpu : Pocl.Require();
}
