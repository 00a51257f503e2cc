using FeedbackNN.Runtime.Tests.Training;

namespace FeedbackNN.Runtime.Tests.Models;

public sealed class ModelTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".safetensors");

    public void Dispose() => File.Delete(_path);

    private static float[] Values(Model model) => [.. model.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. model.AllBuffers.SelectMany(buffer => buffer.Value.ToArray())];

    private sealed class Wide(ulong seed = 0) : Model(Manifest, null, seed)
    {
        public static ModelManifest Manifest { get; } = new(
            "Tests.Wide",
            parameters:
            [
                new("uniform", "uniform", [100, 100], 0, Initializer.Uniform(-2, 4)),
                new("normal", "normal", [10_000], 10_048, Initializer.Normal(1, 3)),
                new("ones", "ones", [5], 20_096, Initializer.Constant(1)),
            ],
            buffers: []);
    }

    [Fact]
    public void First_values_follow_their_distributions_and_the_seed()
    {
        using var model = new Wide(7);
        using var same = new Wide(7);
        using var other = new Wide(8);
        Assert.Equal(Values(model), Values(same));
        Assert.NotEqual(Values(model), Values(other));

        var uniform = model.AllParameters[0].Value.ToArray();
        Assert.All(uniform, value => Assert.InRange(value, -2, 4));
        Assert.Equal(1, uniform.Average(), 0.1);
        Assert.Equal(3, uniform.Average(value => (value - 1) * (value - 1)), 0.15);
        var normal = model.AllParameters[1].Value.ToArray();
        Assert.Equal(1, normal.Average(), 0.15);
        Assert.Equal(9, normal.Average(value => (value - 1) * (value - 1)), 0.5);
        // Fisher's third and fourth moments tell a normal from other distributions of that mean and variance.
        Assert.Equal(0, normal.Average(value => Math.Pow((value - 1) / 3, 3)), 0.15);
        Assert.Equal(3, normal.Average(value => Math.Pow((value - 1) / 3, 4)), 0.3);
        Assert.All(model.AllParameters[2].Value.ToArray(), value => Assert.Equal(1, value));
        Assert.Equal(20_005, model.ParameterCount);
    }

    [Fact]
    public void Initialize_brings_the_first_values_back()
    {
        using var model = new Linear(seed: 4);
        var first = Values(model);
        model.Weight[1] = 99;
        model.Runs.Value[0] = 3;
        model.Weight.Gradient[0] = 1;
        model.Initialize(4);
        Assert.Equal(first, Values(model));
        Assert.Equal(0, model.Weight.Gradient[0]);
    }

    [Fact]
    public void Saving_and_loading_keeps_the_bits()
    {
        using var model = new Linear(seed: 4);
        model.Runs.Value[0] = float.NaN;
        model.Save(_path);
        using var other = new Linear(seed: 5);
        other.Load(_path);
        Assert.Equal(Values(model), Values(other));
        using var content = SafetensorsFile.Read(_path);
        Assert.Equal(["line.bias", "line.weight", "runs"], content.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Equal(("model 1", "Tests.Linear"), (content.Metadata["feedbacknn.format"], content.Metadata["feedbacknn.owner"]));
    }

    [Fact]
    public void A_file_of_another_program_with_the_same_tensors_is_welcome()
    {
        SafetensorsFile.Write(_path, [SafetensorsEntry.From("line.weight", [2], new[] { 1f, 2 }), SafetensorsEntry.From("line.bias", [], new[] { 3f }), SafetensorsEntry.From("runs", [1], new[] { 4f })]);
        using var model = new Linear();
        model.Load(_path);
        Assert.Equal([1f, 2, 3, 4], Values(model));
    }

    [Fact]
    public void A_file_of_another_program_with_other_tensors_is_told_how_it_is_loaded()
    {
        SafetensorsFile.Write(_path, [SafetensorsEntry.From("fc.weight", [2], new[] { 1f, 2 })]);
        using var model = new Linear();
        var message = Assert.Throws<CheckpointException>(() => model.Load(_path)).Message;
        Assert.EndsWith("Another program has written it: such a file is loaded by a checkpoint that the .fnn file declares for the model, Load(path, mapping).", message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "missing", "it has no tensor 'line.bias'" },
        { "extra", "it has a tensor 'more'" },
        { "shape", "'line.weight' is F32[3] in it, but F32[2] in Tests.Linear" },
        { "type", "'line.weight' is F64[2] in it" },
        { "owner", "the state of Digits.SimpleNN, not of Tests.Linear" },
        { "version", "version 9 of the model format; this library reads version 1" },
        { "kind", "it holds a saved training, not a saved model" },
        { "truncated", "cut short" },
        { "empty", "" },
        { "absent", "" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_file_that_does_not_fit_is_refused_with_a_reason_and_changes_nothing(string damage, string message)
    {
        List<SafetensorsEntry> entries =
        [
            damage switch
            {
                "shape" => SafetensorsEntry.From("line.weight", [3], new float[3]),
                "type" => SafetensorsEntry.From("line.weight", [2], new double[2]),
                _ => SafetensorsEntry.From("line.weight", [2], new float[2]),
            },
            SafetensorsEntry.From("runs", [1], new float[1]),
        ];
        if (damage != "missing") entries.Add(SafetensorsEntry.From("line.bias", [], new float[1]));
        if (damage == "extra") entries.Add(SafetensorsEntry.From("more", [1], new float[1]));
        var metadata = new Dictionary<string, string>
        {
            ["feedbacknn.format"] = damage switch { "version" => "model 9", "kind" => "training 1", _ => "model 1" },
            ["feedbacknn.owner"] = damage == "owner" ? "Digits.SimpleNN" : "Tests.Linear",
        };
        SafetensorsFile.Write(_path, entries, metadata);
        if (damage == "truncated") File.WriteAllBytes(_path, File.ReadAllBytes(_path)[..^4]);
        if (damage == "empty") File.WriteAllBytes(_path, []);
        if (damage == "absent") File.Delete(_path);

        using var model = new Linear(seed: 1);
        var before = Values(model);
        var error = Assert.Throws<CheckpointException>(() => model.Load(_path));
        Assert.Contains(message, error.Message);
        Assert.Equal(before, Values(model));
    }

    [Fact]
    public void Copies_come_from_the_same_class_only()
    {
        using var model = new Linear(seed: 1);
        using var copy = new Linear(seed: 2);
        copy.CopyFrom(model);
        Assert.Equal(Values(model), Values(copy));
        Assert.Contains("Tests.Wide", Assert.Throws<ArgumentException>(() => copy.CopyFrom(new Wide())).Message);
    }

    [Fact]
    public void A_parameter_knows_its_place()
    {
        using var model = new Linear();
        Assert.Equal(("line.w", "line.weight", 2, "line.w [2]"), (model.Weight.Path, model.Weight.CheckpointName, model.Weight.Length, model.Weight.ToString()));
        model.Weight[1] = 5;
        Assert.Equal(5, model.AllParameters[0].Value[1]);
        model.Bias[[]] = 6;
        Assert.Equal(6, model.Bias.Value[0]);
        Assert.Throws<IndexOutOfRangeException>(() => model.Weight[2]);
        Assert.Throws<IndexOutOfRangeException>(() => model.Weight[0, 0]);
        using var copy = model.Weight.ToTensor();
        Assert.Equal(5, copy[1]);
    }

    [Fact]
    public void A_disposed_model_throws_instead_of_reading_freed_memory()
    {
        var model = new Linear();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Weight.Value.Length);
    }
}
