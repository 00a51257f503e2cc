using FeedbackNN.Runtime.Tests.Training;

namespace FeedbackNN.Runtime.Tests.Models;

/// <summary>Taking over weights by name: what matches, what does not, and that a refusal changes nothing.</summary>
public sealed class TransferTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".safetensors");

    public void Dispose() => File.Delete(_path);

    private sealed class Body(ulong seed) : Model(Manifest, null, seed)
    {
        public static ModelManifest Manifest { get; } = new(
            "Tests.Body",
            parameters: [new("line.w", "line.weight", [2], 0, Initializer.Uniform(-1, 1)), new("line.b", "line.bias", [], 64, Initializer.Uniform(-1, 1)), new("head.w", "head.weight", [3], 128, Initializer.Uniform(-1, 1))],
            buffers: []);
    }

    private sealed class Whole(ulong seed) : Model(Manifest, null, seed)
    {
        public static ModelManifest Manifest { get; } = new(
            "Tests.Whole",
            parameters: [new("body.line.w", "body.line.weight", [2], 0, Initializer.Uniform(-1, 1)), new("body.line.b", "body.line.bias", [], 64, Initializer.Uniform(-1, 1)), new("head.w", "head.weight", [4], 128, Initializer.Uniform(-1, 1))],
            buffers: [new("seen", "seen", [1], 0, Initializer.Constant(0))]);
    }

    private static float[] Values(Model model) => [.. model.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. model.AllBuffers.SelectMany(buffer => buffer.Value.ToArray())];

    [Fact]
    public void What_differs_is_listed_as_a_whole_and_nothing_is_changed()
    {
        using var body = new Body(1);
        using var whole = new Whole(2);
        body.Save(_path);
        var before = Values(whole);
        var error = Assert.Throws<TransferException>(() => whole.Transfer(_path));
        Assert.Equal(before, Values(whole));
        Assert.Equal(["body.line.weight", "body.line.bias", "seen"], error.Report.Missing);
        Assert.Equal(["line.weight", "line.bias"], error.Report.Extra.Order(StringComparer.Ordinal).Reverse());
        Assert.Equal("head.weight (F32[3] there, F32[4] here)", Assert.Single(error.Report.Different).ToString());
        Assert.Equal(Mismatches.Missing | Mismatches.Extra | Mismatches.Shape, error.Report.Mismatches);
        foreach (var text in new[] { "Tests.Whole; nothing has been changed", "missing, not in the source (3): body.line.weight, body.line.bias, seen", "extra, not in this model (2)", "shape differs (1): head.weight", "allow: Mismatches.Missing | Mismatches.Extra | Mismatches.Shape" })
        {
            Assert.Contains(text, error.Message);
        }
        // What is allowed is not complained of.
        var rest = Assert.Throws<TransferException>(() => whole.Transfer(_path, allow: Mismatches.Missing | Mismatches.Extra));
        Assert.DoesNotContain("missing, not in the source", rest.Message);
        Assert.Contains("allow: Mismatches.Shape.", rest.Message);
        Assert.Equal(before, Values(whole));
    }

    [Fact]
    public void A_part_of_a_file_takes_another_place()
    {
        using var body = new Body(1);
        using var whole = new Whole(2);
        body.Save(_path);
        var head = whole.AllParameters[2].Value.ToArray();
        var report = whole.Transfer(_path, from: "line", to: "body.line");
        Assert.Equal(["body.line.weight", "body.line.bias"], report.Matched);
        Assert.Equal(Mismatches.None, report.Mismatches);
        Assert.Equal($"2 of 2 tensors from {_path}", report.ToString());
        Assert.Equal(Values(body)[..3], Values(whole)[..3]);
        Assert.Equal(head, whole.AllParameters[2].Value.ToArray());
    }

    [Fact]
    public void Another_model_with_a_new_head_on_its_body()
    {
        using var body = new Body(1);
        using var whole = new Whole(2);
        var head = whole.AllParameters[2].Value.ToArray();
        var report = whole.Transfer(body, allow: Mismatches.Missing | Mismatches.Shape, rename: name => name.StartsWith("line", StringComparison.Ordinal) ? "body." + name : name);
        Assert.Equal((2, 1, 0, 1), (report.Matched.Count, report.Missing.Count, report.Extra.Count, report.Different.Count));
        Assert.Equal(Values(body)[..3], Values(whole)[..3]);
        Assert.Equal(head, whole.AllParameters[2].Value.ToArray());
        Assert.Contains("2 of 4 tensors from Tests.Body\n  missing, not in the source (1): seen\n  shape differs (1): head.weight", report.ToString());
    }

    [Fact]
    public void Names_that_meet_and_names_that_miss_are_errors()
    {
        using var body = new Body(1);
        using var whole = new Whole(2);
        Assert.Contains("'line.weight' and 'line.bias' of Tests.Body would both be 'x'", Assert.Throws<ArgumentException>(() => whole.Transfer(body, rename: _ => "x")).Message);
        var all = Mismatches.Missing | Mismatches.Extra | Mismatches.Shape;
        Assert.Contains("the names here are 'body.line.weight', 'body.line.bias', 'head.weight', …", Assert.Throws<TransferException>(() => whole.Transfer(body, from: "lin", allow: all)).Message);
    }

    [Fact]
    public void Halves_become_singles_and_integers_do_not_fit()
    {
        SafetensorsFile.Write(_path,
        [
            SafetensorsEntry.From("line.weight", [2], new[] { (Half)0.5f, (Half)(-2) }),
            SafetensorsEntry.From("line.bias", [], new[] { 0.1 }),
            new SafetensorsEntry("head.weight", SafetensorsDtype.BFloat16, [3], new byte[] { 0x80, 0x3f, 0x00, 0xc0, 0x00, 0x00 }),
        ]);
        using var body = new Body(1);
        body.Transfer(_path);
        Assert.Equal([0.5f, -2, 0.1f, 1, -2, 0], Values(body));
        SafetensorsFile.Write(_path, [SafetensorsEntry.From("line.weight", [2], new[] { 1, 2 })]);
        Assert.Contains("line.weight (I32[2] there, F32[2] here)", Assert.Throws<TransferException>(() => body.Transfer(_path, allow: Mismatches.Missing)).Message);
    }

    [Fact]
    public void A_saved_training_has_its_networks_below_their_names()
    {
        using var source = new Linear(seed: 3);
        using var trainer = new FitLinear(source, new Sgd(0.1));
        trainer.Save(_path);
        using var model = new Linear(seed: 4);
        model.Transfer(_path, from: "nets.net");
        Assert.Equal(Values(source), Values(model));
    }
}
