using Finetune;

namespace FeedbackNN.Examples.Tests;

/// <summary>Trainings of updates of low rank: what moves and what stays, merging, files, and going on after an interruption.</summary>
public sealed class LowRankTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-lora").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Only_the_updates_and_the_head_move()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRank(net, seed: 2);
        var before = net.AllParameters.ToDictionary(parameter => parameter.Path, parameter => parameter.Value.ToArray());
        var firstA = trainer.Adapters.Parameters.Fc1.Weight.A.Value.ToArray();
        Assert.All(trainer.Adapters.AllParameters.Where(parameter => parameter.Path.EndsWith(".b", StringComparison.Ordinal)), parameter => Assert.Equal(-1, parameter.Value.IndexOfAnyExcept(0f)));
        // kaiming_uniform with a = √5: within 1/√in.
        Assert.All(firstA, value => Assert.InRange(Math.Abs(value), 0, 1 / Math.Sqrt(Features.Size)));
        for (var step = 0; step < 20; step++) trainer.Step(Batch(step));
        foreach (var parameter in net.AllParameters)
        {
            if (parameter.Path.StartsWith("head.", StringComparison.Ordinal)) Assert.NotEqual(before[parameter.Path], parameter.Value.ToArray());
            else Assert.Equal(before[parameter.Path], parameter.Value.ToArray());
        }
        Assert.NotEqual(firstA, trainer.Adapters.Parameters.Fc1.Weight.A.Value.ToArray());
        Assert.NotEqual(-1, trainer.Adapters.Parameters.Fc2.Weight.B.Value.IndexOfAnyExcept(0f));
        // 3 numbers a row and a column of two matrices, and the head.
        Assert.Equal((3 * (20 + 24 + 24 + 24), (3 * (20 + 24 + 24 + 24)) + (24 * 6) + 6), (trainer.Adapters.ParameterCount, trainer.TrainedCount));
    }

    [Fact]
    public void A_merged_network_computes_what_the_training_measures_and_an_unmerged_one_has_its_old_bits()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRank(net, seed: 2);
        for (var step = 0; step < 30; step++) trainer.Step(Batch(step));
        var batch = Batch(100, size: 40);
        var measured = trainer.Evaluate(batch);
        var before = Weights(net);
        Assert.NotEqual(measured.Loss, CrossEntropy.Of(net, batch.X, batch.Label), 1e-3);
        trainer.Adapters.Merge();
        Assert.True(trainer.Adapters.IsMerged);
        Assert.Equal(measured.Loss, CrossEntropy.Of(net, batch.X, batch.Label), 1e-6);
        Assert.Contains("call Unmerge first", Assert.Throws<InvalidOperationException>(() => trainer.Step(batch)).Message);
        Assert.Throws<InvalidOperationException>(() => trainer.Evaluate(batch));
        Assert.Throws<InvalidOperationException>(() => trainer.Save(Path.Combine(_folder, "merged")));
        Assert.Throws<InvalidOperationException>(trainer.Adapters.Merge);
        trainer.Adapters.Unmerge();
        Assert.Equal(before, Weights(net));
        Assert.Throws<InvalidOperationException>(trainer.Adapters.Unmerge);
        Assert.Equal(measured, trainer.Evaluate(batch));
    }

    [Fact]
    public void Updates_of_a_training_that_is_disposed_of_are_not_merged()
    {
        using var net = new Other(seed: 1);
        var trainer = new LowRank(net, seed: 2);
        trainer.Step(Batch(0));
        trainer.Dispose();
        for (var turn = 0; turn < 2; turn++) Assert.Contains("Finetune.LowRank.net.lora", Assert.Throws<ObjectDisposedException>(trainer.Adapters.Merge).ObjectName);
        Assert.False(trainer.Adapters.IsMerged);
        Assert.Contains("Finetune.LowRank.net.lora", Assert.Throws<ObjectDisposedException>(trainer.Adapters.Unmerge).ObjectName);
        Assert.Equal("Finetune.LowRank", Assert.Throws<ObjectDisposedException>(() => trainer.Step(Batch(0))).ObjectName);
        Assert.Equal("Finetune.LowRank", Assert.Throws<ObjectDisposedException>(() => trainer.Evaluate(Batch(0))).ObjectName);
    }

    [Fact]
    public void Updates_are_a_file_of_their_own()
    {
        var path = Path.Combine(_folder, "adapters.safetensors");
        using var net = new Other(seed: 1);
        using var trainer = new LowRank(net, seed: 2);
        for (var step = 0; step < 5; step++) trainer.Step(Batch(step));
        trainer.Adapters.Save(path);
        using (var file = SafetensorsFile.Read(path))
        {
            Assert.Equal(["fc1.lora_A.weight F32[3, 20]", "fc1.lora_B.weight F32[24, 3]", "fc2.lora_A.weight F32[3, 24]", "fc2.lora_B.weight F32[24, 3]"],
                file.Tensors.Select(tensor => tensor.ToString().Replace(":", "")).Order(StringComparer.Ordinal));
        }
        using var other = new Other();
        other.CopyFrom(net);
        using var again = new LowRank(other, seed: 9);
        again.Adapters.Load(path);
        Assert.Equal(trainer.Evaluate(Batch(50)).Loss, again.Evaluate(Batch(50)).Loss);
        // As PEFT writes its names.
        SafetensorsFile.Write(path, trainer.Adapters.AllParameters.Select(parameter =>
            SafetensorsEntry.From("base_model.model." + parameter.CheckpointName, [.. parameter.Shape.ToArray().Select(size => (long)size)], parameter.Value.ToArray())).ToArray());
        again.Adapters.Initialize(3);
        Assert.Equal(4, again.Adapters.Transfer(path, from: "base_model.model").Matched.Count);
        Assert.Equal(Weights(trainer.Adapters), Weights(again.Adapters));
    }

    [Fact]
    public void A_training_that_is_saved_and_resumed_goes_on_to_the_same_bits()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRank(net, seed: 2);
        for (var step = 0; step < 9; step++)
        {
            if (step == 4) trainer.Save(Path.Combine(_folder, "saved"));
            trainer.Step(Batch(step));
        }
        using var other = new Other(seed: 5);
        using var resumed = new LowRank(other, seed: 6);
        resumed.Resume(Path.Combine(_folder, "saved"));
        for (var step = 4; step < 9; step++) resumed.Step(Batch(step));
        Assert.Equal(Weights(net), Weights(other));
        Assert.Equal(Weights(trainer.Adapters), Weights(resumed.Adapters));
    }

    [Fact]
    public void Two_networks_and_two_losses_accumulate_resume_and_allocate_nothing()
    {
        using var first = new Net(seed: 1);
        using var second = new Net(seed: 2);
        using var trainer = new LowRankPair(first, second, seed: 3);
        var frozen = Weights(first);
        var moving = Weights(second);
        for (var step = 0; step < 8; step++)
        {
            if (step == 3) trainer.Save(Path.Combine(_folder, "pair"));
            trainer.Step(PairBatch(step));
        }
        Assert.Equal(frozen, Weights(first));
        Assert.NotEqual(moving, Weights(second));
        using var otherFirst = new Net(seed: 4);
        using var otherSecond = new Net(seed: 5);
        using var resumed = new LowRankPair(otherFirst, otherSecond);
        resumed.Resume(Path.Combine(_folder, "pair"));
        for (var step = 3; step < 8; step++) resumed.Step(PairBatch(step));
        Assert.Equal(Weights(trainer.Adapters), Weights(resumed.Adapters));
        Assert.Equal(Weights(second), Weights(otherSecond));

        var batch = PairBatch(0);
        for (var step = 0; step < 4; step++) trainer.Step(batch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 8; step++) trainer.Step(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_new_head_on_an_old_body_with_everything_else_frozen()
    {
        using var old = new Net(seed: 1);
        using var fit = new Fit(old, seed: 1);
        for (var step = 0; step < 10; step++) fit.Step(new Fit.MiniBatch(Batch(step).X, Labels(step, Classes.Size)));
        old.Save(Path.Combine(_folder, "old"));
        using var net = new Other(seed: 2);
        var report = net.Transfer(Path.Combine(_folder, "old"), allow: Mismatches.Shape);
        Assert.Equal(["head.weight", "head.bias"], report.Different.Select(difference => difference.Name));
        var before = Weights(net);
        using var trainer = new HeadOnly(net, seed: 3);
        for (var step = 0; step < 5; step++) trainer.Step(new HeadOnly.MiniBatch(Batch(step).X, Labels(step, Others.Size)));
        var body = before.Length - (24 * 6) - 6 - net.AllBuffers.Sum(buffer => buffer.Length);
        Assert.Equal(before[..body], Weights(net)[..body]);
        Assert.NotEqual(before, Weights(net));
        Assert.Equal((24 * 6) + 6, trainer.TrainedCount);
    }

    // Parameters, then buffers.
    private static float[] Weights(Model net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. net.AllBuffers.Where(_ => net is Other).SelectMany(buffer => buffer.Value.ToArray())];

    private static LowRank.MiniBatch Batch(int seed, int size = 12)
    {
        var random = new Random(seed);
        var x = new Tensor<float, Batch, Features>(size, Features.Size);
        foreach (ref var number in x.Span) number = random.NextSingle() - 0.5f;
        return new(x, Labels(seed, Others.Size, size));
    }

    private static LowRankPair.MiniBatch PairBatch(int seed) => new(Batch(seed).X, Labels(seed, Classes.Size));

    private static Tensor<int, Batch> Labels(int seed, int classes, int size = 12)
    {
        var random = new Random(seed);
        var label = new Tensor<int, Batch>(size);
        foreach (ref var number in label.Span) number = random.Next(classes);
        return label;
    }
}
