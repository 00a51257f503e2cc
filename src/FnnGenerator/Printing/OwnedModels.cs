namespace FeedbackNN.Generator.Printing;

/// <summary>Models that a trainer makes and owns beside its networks: how they go through its constructors, and the properties that hold them.</summary>
internal sealed class OwnedModels
{
    private readonly IReadOnlyList<string> _types;
    private readonly IReadOnlyList<string> _properties;
    private readonly bool _isBroken;

    /// <param name="types">Their classes.</param>
    /// <param name="properties">The trainer's properties.</param>
    /// <param name="otherArguments">Names of other arguments of its constructor.</param>
    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    public OwnedModels(IReadOnlyList<string> types, IReadOnlyList<string> properties, IEnumerable<string> otherArguments, bool isBroken)
    {
        (_types, _properties, _isBroken) = (types, properties, isBroken);
        Arguments = CSharpNames.Distinct(properties.Select(CSharpNames.Camel), otherArguments.Concat(["seed", "device", "devices"]));
    }

    /// <summary>What constructors call them.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Constructor parameters: each ends in a comma.</summary>
    public string Parameters => string.Concat(_types.Select((type, i) => $"{type} {Arguments[i]}, "));

    /// <summary>They, as arguments: each ends in a comma.</summary>
    public string Passed => string.Concat(Arguments.Select(argument => argument + ", "));

    /// <summary>New ones: each ends in a comma.</summary>
    /// <param name="given">What the constructor of each is given.</param>
    public string New(Func<int, string> given) => string.Concat(_types.Select((type, i) => $"new {type}({given(i)}), "));

    public void PrintAssignments(CodeWriter writer)
    {
        for (var i = 0; i < _properties.Count; i++) writer.Line($"{_properties[i]} = {Arguments[i]};");
    }

    /// <param name="summary">Of each.</param>
    public void PrintProperties(CodeWriter writer, Func<int, string> summary)
    {
        for (var i = 0; i < _properties.Count; i++)
        {
            writer.Line();
            writer.Summary(summary(i));
            writer.Line($"public {_types[i]} {_properties[i]} {{ get; }}{(_isBroken ? " = null!;" : "")}");
        }
    }

    /// <summary>The line of the setup; nothing without any.</summary>
    /// <param name="item">Each as the setup takes it.</param>
    public void PrintSetup(CodeWriter writer, string name, Func<int, string> item)
    {
        if (_properties.Count > 0) writer.Line($"{name} = [{string.Join(", ", _properties.Select((_, i) => $"({item(i)}, {Arguments[i]})"))}],");
    }
}
