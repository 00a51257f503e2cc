using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>A model on a GPU has the API of one on the processor, with the same numbers: its memory is looked at and written from both sides.</summary>
public sealed class ModelTests
{
    [SkippableFact]
    public void Forward_and_backward_are_those_of_the_processor()
    {
        var random = new Random(3);
        using var x = new Tensor<float, Batch, Features>(7, Features.Size);
        using var word = new Tensor<int, Batch, Length>(7, 3);
        using var seed = new Tensor<float, Batch, Classes>(7, Classes.Size);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        foreach (ref var value in word.Span) value = random.Next(30);
        foreach (ref var value in seed.Span) value = random.NextSingle() - 0.5f;
        using var here = new Mixed(seed: 4);
        using var there = new Mixed(Pocl.Require(), seed: 4);
        AssertClose(here.Forward(x, word).ToArray(), there.Forward(x, word).ToArray());
        AssertClose(here.ForwardTraining(x, word).ToArray(), there.ForwardTraining(x, word).ToArray());
        AssertClose(here.Backward(seed).ToArray(), there.Backward(seed).ToArray());
        foreach (var (a, b) in here.AllParameters.Zip(there.AllParameters)) AssertClose(a.Gradient, b.Gradient);
        foreach (var (a, b) in here.AllBuffers.Zip(there.AllBuffers)) AssertClose(a.Value, b.Value);
    }

    [SkippableFact]
    public void What_the_host_writes_is_what_the_device_computes_with()
    {
        using var net = new Line(Pocl.Require(), seed: 1);
        using var x = new Tensor<float, Batch, Features>(1, Features.Size);
        x.Span.Fill(1);
        net.Parameters.Fc.Weight.Value.Fill(2);
        net.Parameters.Fc.Bias.Value[0] = 0.5f;
        Assert.Equal(24.5f, net.Forward(x)[0, 0]);
        net.Parameters.Fc.Weight[0, 3] = 10;
        Assert.Equal(32.5f, net.Forward(x)[0, 0]);
        Assert.Equal(10, net.Parameters.Fc.Weight.ToTensor()[0, 3]);
    }

    [SkippableFact]
    public void Files_go_from_device_to_device()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("fnn-gpu").FullName, "net.safetensors");
        using var here = new Mixed(seed: 1);
        using var there = new Mixed(Pocl.Require(), seed: 2);
        there.Save(path);
        here.Load(path);
        Assert.Equal(there.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), here.AllParameters.SelectMany(parameter => parameter.Value.ToArray()));
        here.Initialize(7);
        here.Save(path);
        there.Load(path);
        Assert.Equal(here.Parameters.Fc1.Weight.Value.ToArray(), there.Parameters.Fc1.Weight.Value.ToArray());
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [SkippableFact]
    public void A_disposed_model_says_so()
    {
        var net = new Line(Pocl.Require());
        net.Dispose();
        using var x = new Tensor<float, Batch, Features>(1, Features.Size);
        Assert.Throws<ObjectDisposedException>(() => net.Forward(x));
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = 1e-3f;
        foreach (var value in expected) largest = Math.Max(largest, Math.Abs(value));
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= 2e-4f * largest)) Assert.Fail($"element {i}: {actual[i]} instead of {expected[i]}");
        }
    }
}
