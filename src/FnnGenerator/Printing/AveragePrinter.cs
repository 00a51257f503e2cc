using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the moving averages of a training's weights: models of the networks' own classes, <c>trainer.Average</c>.</summary>
internal sealed class AveragePrinter
{
    private readonly BoundTrain _train;
    private readonly bool _isBroken;
    private readonly IReadOnlyList<string> _types;
    private readonly IReadOnlyList<string> _properties;

    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    /// <param name="types">The classes of the averaged networks.</param>
    /// <param name="taken">Names of other members of the trainer.</param>
    /// <param name="arguments">Names of other arguments of its constructor.</param>
    public AveragePrinter(BoundTrain train, bool isBroken, IReadOnlyList<string> types, IEnumerable<string> taken, IEnumerable<string> arguments)
    {
        (_train, _isBroken, _types) = (train, isBroken, types);
        _properties = CSharpNames.Distinct(train.Averages.Select(average => train.Averages.Count == 1 ? "Average" : CSharpNames.Pascal(train.Nets[average.Net].Name) + "Average"), taken);
        Arguments = CSharpNames.Distinct(_properties.Select(CSharpNames.Camel), arguments.Concat(["seed", "device"]));
    }

    /// <summary>What constructors call them.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Constructor parameters: each ends in a comma.</summary>
    public string Parameters => string.Concat(_types.Select((type, i) => $"{type} {Arguments[i]}, "));

    /// <summary>New ones: each ends in a comma.</summary>
    /// <param name="netArguments">What the networks are called.</param>
    public string New(IReadOnlyList<string> netArguments) => string.Concat(_types.Select((type, i) => $"new {type}({netArguments[_train.Averages[i].Net]}?.Device), "));

    /// <summary>They, as arguments: each ends in a comma.</summary>
    public string Passed => string.Concat(Arguments.Select(argument => argument + ", "));

    public void PrintAssignments(CodeWriter writer)
    {
        for (var i = 0; i < _properties.Count; i++) writer.Line($"{_properties[i]} = {Arguments[i]};");
    }

    public void PrintProperties(CodeWriter writer)
    {
        for (var i = 0; i < _properties.Count; i++)
        {
            writer.Line();
            writer.Summary($"The moving average of the weights of '{_train.Nets[_train.Averages[i].Net].Name}', which evaluations are made with. It belongs to the trainer; before the first step it is the network as it was when the trainer was made.");
            writer.Line($"public {_types[i]} {_properties[i]} {{ get; }}{(_isBroken ? " = null!;" : "")}");
        }
    }

    /// <summary>The line of the setup; nothing without any.</summary>
    public void PrintSetup(CodeWriter writer)
    {
        if (_properties.Count == 0) return;
        writer.Line($"Averages = [{string.Join(", ", _train.Averages.Select((average, i) => $"({NumberText.Integer(average.Net)}, {NumberText.Double(average.Decay)}, {Arguments[i]})"))}],");
    }
}
