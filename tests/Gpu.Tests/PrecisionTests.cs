using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// Trainings whose products have operands of fewer bits learn what those in float32 learn, and in float16 the scale of the loss finds its size by itself: on PoCL, so the networks are small. On the processor nothing
/// is rounded and nothing is scaled.
/// </summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-precision").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public void Fewer_bits_learn_the_same()
    {
        var device = Pocl.Require();
        var exact = Train(device, net => new FitSmall(net, seed: 5), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        var tf32 = Train(device, net => new FitSmallTf32(net, seed: 5), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        var bf16 = Train(device, net => new FitSmallBf16(net, seed: 5), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        var f16 = Train(device, net => new FitSmallF16(net, seed: 5), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        Assert.True(exact[^1] < 0.3 * exact[0], $"{exact[0]} became {exact[^1]}");
        AssertNear(exact, tf32, first: 2e-3, last: 0.02);
        AssertNear(exact, bf16, first: 2e-2, last: 0.1);
        AssertNear(exact, f16, first: 2e-3, last: 0.02);
        // Other numbers they are.
        Assert.NotEqual(exact[0], tf32[0]);
        Assert.NotEqual(exact[0], bf16[0]);
        Assert.Equal(f16[0], tf32[0]);

        static void AssertNear(double[] exact, double[] rounded, double first, double last)
        {
            Assert.Equal(exact[0], rounded[0], first * exact[0]);
            Assert.Equal(exact[^1], rounded[^1], last * exact[^1]);
        }
    }

    [SkippableFact]
    public void Evaluations_are_in_float32()
    {
        var device = Pocl.Require();
        using var here = new Small(seed: 3);
        using var there = new Small(device, seed: 3);
        using var ours = new FitSmallBf16(here, seed: 5);
        using var theirs = new FitSmallBf16(there, seed: 5);
        var batch = Batch();
        var evaluation = ours.Evaluate(new FitSmallBf16.MiniBatch(batch.X, batch.Label)).Loss;
        Assert.Equal(evaluation, theirs.Evaluate(new FitSmallBf16.MiniBatch(batch.X, batch.Label)).Loss, 1e-6);
        Assert.NotEqual(evaluation, theirs.Step(new(batch.X, batch.Label)).Loss, 1e-5);
    }

    [Fact]
    public void On_the_processor_precision_changes_no_bit()
    {
        using var exact = new Small(seed: 3);
        using var half = new Small(seed: 3);
        using var exactTrainer = new FitSmall(exact, seed: 5);
        using var halfTrainer = new FitSmallF16(half, seed: 5);
        var batch = Batch();
        for (var step = 0; step < 5; step++) Assert.Equal(exactTrainer.Step(new(batch.X, batch.Label)).Loss, halfTrainer.Step(new(batch.X, batch.Label)).Loss);
        Assert.Equal(Bits(exact), Bits(half));
    }

    [Fact]
    public void On_several_processors_precision_changes_no_bit()
    {
        using Device first = Device.CpuWithThreads(1), second = Device.CpuWithThreads(1);
        using var exact = new Small(first, seed: 3);
        using var half = new Small(first, seed: 3);
        using var exactTrainer = new FitSmall(exact, seed: 5, [first, second]);
        using var halfTrainer = new FitSmallF16(half, seed: 5, [first, second]);
        var batch = Batch();
        for (var step = 0; step < 5; step++) Assert.Equal(exactTrainer.Step(new(batch.X, batch.Label)).Loss, halfTrainer.Step(new(batch.X, batch.Label)).Loss);
        Assert.Equal(Bits(exact), Bits(half));
        Assert.Equal([65536, 0, 0], Scale(halfTrainer, "loss"));
    }

    [SkippableFact]
    public void Two_devices_learn_what_one_learns()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        var alone = Train(first, net => new FitSmallF16(net, seed: 5), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        var shared = Train(first, net => new FitSmallF16(net, seed: 5, [first, second]), (trainer, batch) => trainer.Step(new(batch.X, batch.Label)).Loss);
        Assert.Equal(alone[0], shared[0], 1e-5);
        Assert.Equal(alone[^1], shared[^1], 0.01 * alone[0]);
        Assert.True(shared[^1] < 0.3 * shared[0], $"{shared[0]} became {shared[^1]}");
    }

    [SkippableFact]
    public void What_overflows_on_one_device_is_left_out_on_all_and_halves_the_one_scale()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        // For half of the samples the prediction is nearly right; the others are the first device's, then the second's.
        for (var steep = 0; steep < 2; steep++)
        {
            using var net = new Line(first, seed: 1);
            using var trainer = new FitSteep(net, seed: 2, [first, second]);
            var (x, y) = LineBatch();
            var bias = net.AllParameters.Single(parameter => parameter.Path == "fc.bias").Value[0];
            for (var row = 8 - (8 * steep); row < 16 - (8 * steep); row++)
            {
                x.Slice(row).Clear();
                y.Slice(row).Fill(bias + 1e-4f);
            }
            var before = Bits(net);
            trainer.Step(new(x, y));
            Assert.Equal(before, Bits(net));
            Assert.Equal([32768, 0, 1], Scale(trainer, "loss"));
            var overflows = 1;
            while (Bits(net).SequenceEqual(before) && overflows < 20)
            {
                trainer.Step(new(x, y));
                overflows++;
            }
            // The last of them was the first good one; from now on all devices have its weights and its scale.
            Assert.Equal([(float)Math.ScaleB(65536, 1 - overflows), 1, 0], Scale(trainer, "loss"));
            Assert.InRange(overflows, 3, 14);
            var evaluated = trainer.Evaluate(new FitSteep.MiniBatch(x, y)).Loss;
            Assert.Equal(evaluated, trainer.Step(new(x, y)).Loss, 0.01 * evaluated);
            Assert.Equal([(float)Math.ScaleB(65536, 1 - overflows), 2, 0], Scale(trainer, "loss"));
        }
    }

    [SkippableFact]
    public void A_step_that_overflows_changes_nothing_and_halves_the_scale_until_one_fits()
    {
        var device = Pocl.Require();
        using var net = new Line(device, seed: 1);
        using var trainer = new FitSteep(net, seed: 2);
        var (x, y) = LineBatch();
        var before = Bits(net);
        var first = trainer.Step(new(x, y)).Loss;
        Assert.Equal(before, Bits(net));
        Assert.Equal([32768, 0, 1], Scale(trainer, "loss"));
        Assert.All(State(trainer, "optimizers.loss.first_moment"), value => Assert.Equal(0, value));

        var overflows = 1;
        while (Bits(net).SequenceEqual(before) && overflows < 20)
        {
            trainer.Step(new(x, y));
            overflows++;
        }
        // The last of them was the first good one.
        Assert.Equal([(float)Math.ScaleB(65536, 1 - overflows), 1, 0], Scale(trainer, "loss"));
        Assert.InRange(overflows, 3, 12);
        for (var step = 0; step < 200; step++) trainer.Step(new(x, y));
        Assert.True(trainer.Step(new(x, y)).Loss < 0.8 * first);
    }

    [SkippableFact]
    public void Two_thousand_good_steps_double_the_scale()
    {
        var device = Pocl.Require();
        using var net = new Small(device, seed: 3);
        using var trainer = new FitSmallF16(net, seed: 5);
        var batch = Batch();
        var data = DataSource.From(Enumerable.Range(0, 4).Select(i => new FitSmallF16.Sample(batch.X.Slice(i).ToArray(), batch.Label.Span[i])).ToArray());
        trainer.Run(data, epochs: 1999, batchSize: 4);
        Assert.Equal([65536, 1999, 0], Scale(trainer, "loss"));
        trainer.Run(data, epochs: 1, batchSize: 4);
        Assert.Equal([131072, 0, 0], Scale(trainer, "loss"));
    }

    [SkippableFact]
    public void A_batch_that_overflows_leaves_out_the_update_it_belongs_to()
    {
        var device = Pocl.Require();
        using var net = new Line(device, seed: 1);
        using var trainer = new FitSteepParts(net, seed: 2);
        var (x, y) = LineBatch();
        // The prediction for zeros is the bias, in any format: nearly what is wanted.
        using var zeros = new Tensor<float, Batch, Features>(16, Features.Size);
        using var near = new Tensor<float, Batch, N1>(16, 1);
        near.Span.Fill(net.AllParameters.Single(parameter => parameter.Path == "fc.bias").Value[0] + 1e-4f);
        var before = Bits(net);
        trainer.Step(new(x, y));
        Assert.Equal([32768, 0, 1], Scale(trainer, "loss"));
        trainer.Step(new(zeros, near));
        trainer.Step(new(zeros, near));
        Assert.Equal([32768, 2, 1], Scale(trainer, "loss"));
        Assert.Equal(before, Bits(net));
        // The next update begins anew.
        for (var step = 0; step < 3; step++) trainer.Step(new(zeros, near));
        Assert.Equal([32768, 5, 0], Scale(trainer, "loss"));
        Assert.NotEqual(before, Bits(net));
    }

    [SkippableTheory]
    [InlineData(2, 1)]
    [InlineData(9, 1)]
    [InlineData(9, 2)]
    public void A_training_goes_on_to_the_same_bits_after_it_was_saved(int saved, int count)
    {
        var device = (GpuDevice)Pocl.Require();
        using var other = device.Twin();
        Device[] devices = count == 1 ? [device] : [device, other];
        using var whole = new Line(device, seed: 1);
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 9);
        using var wholeTrainer = new FitSteepParts(whole, seed: 2, devices);
        using var firstTrainer = new FitSteepParts(first, seed: 2, devices);
        using var secondTrainer = new FitSteepParts(second, seed: 8, devices);
        var (x, y) = LineBatch();
        for (var step = 0; step < 24; step++) wholeTrainer.Step(new(x, y));
        for (var step = 0; step < saved; step++) firstTrainer.Step(new(x, y));
        firstTrainer.Save(PathOf("state"));
        secondTrainer.Resume(PathOf("state"));
        Assert.Equal(Scale(firstTrainer, "loss"), Scale(secondTrainer, "loss"));
        for (var step = saved; step < 24; step++) secondTrainer.Step(new(x, y));
        Assert.Equal(Scale(wholeTrainer, "loss"), Scale(secondTrainer, "loss"));
        Assert.Equal(Bits(whole), Bits(second));
        using var untrained = new Line(seed: 1);
        Assert.NotEqual(Bits(untrained), Bits(whole));
    }

    [SkippableFact]
    public void The_processor_keeps_the_scale_of_a_file()
    {
        var device = Pocl.Require();
        using var there = new Line(device, seed: 1);
        using var here = new Line(seed: 9);
        using var theirs = new FitSteep(there, seed: 2);
        using var ours = new FitSteep(here, seed: 2);
        var (x, y) = LineBatch();
        for (var step = 0; step < 3; step++) theirs.Step(new(x, y));
        theirs.Save(PathOf("there"));
        ours.Resume(PathOf("there"));
        var before = Bits(here);
        ours.Step(new(x, y));
        Assert.NotEqual(before, Bits(here));
        Assert.Equal([8192, 0, 1], Scale(ours, "loss"));
    }

    [SkippableFact]
    public void A_gradient_that_overflows_without_a_scale_has_diverged()
    {
        var device = Pocl.Require();
        using var net = new Line(device, seed: 1);
        using var trainer = new FitWall(net, seed: 2);
        var (x, y) = LineBatch();
        var before = Bits(net);
        for (var step = 0; step < 16; step++) trainer.Step(new(x, y));
        Assert.Equal([1, 0, 1], Scale(trainer, "loss"));
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Step(new(x, y)));
        Assert.Contains("the gradient of 'loss', in float16", failure.Message);
        Assert.Equal(16, failure.Step);
        Assert.Equal(16, trainer.StepCount);
        Assert.Equal(before, Bits(net));
    }

    [SkippableFact]
    public void A_later_loss_that_fails_takes_back_the_scale_of_an_earlier_one()
    {
        var device = Pocl.Require();
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 2);
        using var trainer = new FitScaledPair(first, second);
        var (x, y) = LineBatch();
        using var bad = new Tensor<float, Batch, N1>(y.Length, 1);
        bad.Span.Fill(-100);
        for (var step = 0; step < 2; step++) trainer.Step(new(x, y));
        var (before, scale, other) = (Bits(first), Scale(trainer, "first_loss"), Scale(trainer, "second_loss"));
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Step(new(x, bad)));
        Assert.Contains("second_loss", failure.Message);
        Assert.Equal(before, Bits(first));
        Assert.Equal(scale, Scale(trainer, "first_loss"));
        Assert.Equal(other, Scale(trainer, "second_loss"));
        Assert.Equal([16384, 0, 1], scale);
        Assert.Equal([65536, 2, 0], other);
    }

    // ---- Data --------------------------------------------------------------------------------------------------------

    private static double[] Train<TTrainer>(Device device, Func<Small, TTrainer> begin, Func<TTrainer, (Tensor<float, Batch, Features> X, Tensor<int, Batch> Label), double> step) where TTrainer : IDisposable
    {
        using var net = new Small(device, seed: 3);
        using var trainer = begin(net);
        var batch = Batch();
        return [.. Enumerable.Range(0, 60).Select(_ => step(trainer, batch))];
    }

    /// <summary>Classes that can be told from the numbers.</summary>
    private static (Tensor<float, Batch, Features> X, Tensor<int, Batch> Label) Batch()
    {
        var random = new Random(7);
        var x = new Tensor<float, Batch, Features>(32, Features.Size);
        var label = new Tensor<int, Batch>(32);
        foreach (ref var value in x.Span) value = (random.NextSingle() - 0.5f) * 3;
        for (var i = 0; i < 32; i++)
        {
            var row = x.Slice(i)[..5].ToArray();
            label.Span[i] = Array.IndexOf(row, row.Max());
        }
        return (x, label);
    }

    private static (Tensor<float, Batch, Features> X, Tensor<float, Batch, N1> Y) LineBatch()
    {
        var random = new Random(6);
        var x = new Tensor<float, Batch, Features>(16, Features.Size);
        var y = new Tensor<float, Batch, N1>(16, 1);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        for (var i = 0; i < 16; i++) y.Span[i] = x.Slice(i).ToArray().Sum() + 1;
        return (x, y);
    }

    private string PathOf(string name) => Path.Combine(_folder, name + ".safetensors");

    /// <summary>The scale, the good steps since, and whether the update under way has overflowed, as a file has them.</summary>
    private float[] Scale<TBatch, TReport>(Trainer<TBatch, TReport> trainer, string loss) =>
        State(trainer, $"optimizers.{loss}.loss_scale");

    /// <summary>All tensors of the training's state whose names begin so, one after the other.</summary>
    private float[] State<TBatch, TReport>(Trainer<TBatch, TReport> trainer, string name)
    {
        trainer.Save(PathOf("look"));
        using var file = SafetensorsFile.Read(PathOf("look"));
        return [.. file.Tensors.Where(tensor => tensor.Name.StartsWith(name, StringComparison.Ordinal)).SelectMany(tensor => file.ToArray<float>(tensor.Name))];
    }

    private static int[] Bits(Model net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).Select(BitConverter.SingleToInt32Bits)];
}
