using Corpus;

namespace FeedbackNN.Pipelines.Tests;

/// <summary>A pipeline does what its steps do when they are written in C#, to the bit.</summary>
public sealed class StepsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_pipeline_is_its_steps_one_after_the_other(int count)
    {
        using Device first = Device.CpuWithThreads(1), second = Device.CpuWithThreads(1);
        Device[] devices = count == 1 ? [first] : [first, second];
        var pipeline = Filter.Make(devices: devices);
        var told = new List<PipelineProgress>();
        pipeline.Run(new Listener(told.Add));

        var (reader, net, teacher) = (new Reader(first, seed: 1), new Classifier(first, seed: 2), new Classifier(first, seed: 3));
        var stages = new List<string>();
        FitReader(2);
        for (var i = 0; i < 4; i++) reader.AllParameters[i].Value.CopyTo(net.AllParameters[i].Value);
        Assert.All(Enumerable.Range(0, 6), i => Assert.Equal(reader.AllParameters[i].Spec.Path, net.AllParameters[i].Spec.Path));
        for (var i = 4; i < 6; i++) reader.AllParameters[i].Value.CopyTo(net.AllParameters[i].Value);
        for (var i = 0; i < 2; i++) reader.AllBuffers[i].Value.CopyTo(net.AllBuffers[i].Value);
        stages.Add("transfer");
        FitNet(Filter.Labelled, 3);
        var check = Check();
        for (var round = 0; round < 3 && check.Accuracy < 0.98 && !(check.Loss < 0.01); round++)
        {
            FitNet(Hardest(0.2), 1);
            FitNet(Confident(0.4), 1);
            check = Check();
        }
        teacher.CopyFrom(net);
        stages.Add("copy");
        FitPolish();
        var after = CheckPolish();
        for (var round = 0; round < 2 && (after.Agreement < 0.99 || after.Loss > 1); round++)
        {
            FitPolish();
            for (var inner = 0; inner < 2 && check.Loss > 0.1; inner++)
            {
                FitReader(1);
                check = Check();
            }
            after = CheckPolish();
        }

        using (var adapt = new Adapt(net, Seed(), devices))
        {
            adapt.Freeze("net.encoder.outer");
            adapt.Run(Filter.Labelled.Select(sample => new Adapt.Sample(sample.X, sample.Label)), 2, 8);
            adapt.AverageAdapters.Merge();
            net.CopyFrom(adapt.Average);
            stages.Add("adapt");
        }

        Assert.Equal(stages, told.Where(progress => progress.IsEndOfStep).Select(progress => progress.Stage));
        Assert.Equal([.. Filter.Weights(reader), .. Filter.Weights(net), .. Filter.Weights(teacher)], Filter.Weights(pipeline));
        // The feedback has had something to do.
        Assert.True(stages.Count(stage => stage == "finetune") >= 3, string.Join(" ", stages));

        ulong Seed() => pipeline.SeedOf(stages.Count);

        void FitReader(int epochs)
        {
            using var trainer = new Read(reader, Seed(), devices);
            trainer.Run(Filter.Texts, epochs, 8);
            reader.CopyFrom(trainer.Average);
            stages.Add("pretrain");
        }

        void FitNet(IDataSource<Classify.Sample> data, int epochs)
        {
            using var trainer = new Classify(net, Seed(), devices);
            trainer.Freeze("net.encoder.inner", "net.encoder.norm");
            trainer.Run(data, epochs, 8);
            stages.Add("finetune");
        }

        Classify.Report Check()
        {
            using var trainer = new Classify(net, devices: devices);
            stages.Add("check");
            return trainer.Evaluate(Filter.HeldOut);
        }

        void FitPolish()
        {
            using var trainer = new Polish(net, teacher, Seed(), devices);
            trainer.Run(Filter.Labelled.Select(sample => new Polish.Sample(sample.X, sample.Label)), 1, 8);
            stages.Add("polish");
        }

        Polish.Report CheckPolish()
        {
            using var trainer = new Polish(net, teacher, devices: devices);
            stages.Add("after");
            return trainer.Evaluate(Filter.HeldOut.Select(sample => new Polish.Sample(sample.X, sample.Label)));
        }

        IDataSource<Classify.Sample> Hardest(double share)
        {
            using var trainer = new Classify(net);
            var losses = Filter.Labelled.ToArray().Select(sample => trainer.Evaluate(DataSource.From([sample])).Loss).ToArray();
            var count = (int)Math.Round(share * losses.Length);
            var chosen = Enumerable.Range(0, losses.Length).OrderByDescending(i => losses[i]).ThenBy(i => i).Take(count).Order().ToArray();
            return DataSource.From(chosen.Select(i => Filter.Labelled[i]).ToArray());
        }

        IDataSource<Classify.Sample> Confident(double above)
        {
            var sure = new List<Classify.Sample>();
            foreach (var sample in Filter.Unlabelled.ToArray())
            {
                var logits = net.Predict(sample.X.Span);
                var largest = logits.Max();
                if (1 / logits.Sum(logit => MathF.Exp(logit - largest)) > above) sure.Add(sample with { Label = Array.IndexOf(logits, largest) });
            }
            Assert.InRange(sure.Count, 1, Filter.Unlabelled.Count - 1);
            return DataSource.From(sure);
        }
    }

    [Fact]
    public void Devices_that_cannot_share_steps_are_refused_before_the_first()
    {
        using Device first = Device.CpuWithThreads(1), second = Device.CpuWithThreads(1);
        var told = new Listener(progress => Assert.Fail($"{progress} was made."));
        var twice = Assert.Throws<ArgumentException>(() => Filter.Make(devices: [first, second, first]).Run(told));
        Assert.Contains($"{first} is twice", twice.Message, StringComparison.Ordinal);
        var apart = new FilterPipeline(new Reader(first), new Classifier(second), new Classifier(first))
        {
            Corpus = Filter.Texts, Labelled = Filter.Labelled, Unlabelled = Filter.Unlabelled, HeldOut = Filter.HeldOut, Devices = [first, second],
        };
        Assert.Contains("Construct the networks with devices[0]", Assert.Throws<ArgumentException>(() => apart.Run(told)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_stage_freezes_stays_as_it_is()
    {
        var net = new Classifier(seed: 2);
        var before = net.AllParameters.ToDictionary(parameter => parameter.Spec.Path, parameter => parameter.Value.ToArray());
        using var trainer = new Classify(net, seed: 1);
        trainer.Freeze("net.encoder.inner", "net.*.bias");
        trainer.Run(Filter.Labelled, 2, 8);
        foreach (var parameter in net.AllParameters)
        {
            var isFrozen = parameter.Spec.Path.StartsWith("encoder.inner.", StringComparison.Ordinal) || parameter.Spec.Path == "head.bias";
            Assert.Equal(isFrozen, parameter.Value.SequenceEqual(before[parameter.Spec.Path]));
        }
        Assert.Throws<InvalidOperationException>(() => trainer.Freeze("net.head"));
        using var other = new Classify(net, seed: 1);
        Assert.Contains("net.tail", Assert.Throws<ArgumentException>(() => other.Freeze("net.tail")).Message, StringComparison.Ordinal);
        Assert.Contains("Nothing is left", Assert.Throws<ArgumentException>(() => other.Freeze("net")).Message, StringComparison.Ordinal);
    }
}
