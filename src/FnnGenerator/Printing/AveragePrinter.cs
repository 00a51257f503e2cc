using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints the moving averages of a training's weights: models of the networks' own classes, <c>trainer.Average</c>, and where a network has updates of low rank the average of those,
/// <c>trainer.AverageAdapters</c>.
/// </summary>
internal sealed class AveragePrinter
{
    private readonly BoundTrain _train;
    private readonly bool _isBroken;
    private readonly IReadOnlyList<string> _properties;
    private readonly IReadOnlyList<string> _adapterProperties;

    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    /// <param name="taken">Names of other members of the trainer.</param>
    public AveragePrinter(BoundTrain train, bool isBroken, IEnumerable<string> taken)
    {
        (_train, _isBroken) = (train, isBroken);
        var known = taken.ToArray();
        var prefixes = train.Averages.Select(average => train.Averages.Count == 1 ? "" : CSharpNames.Pascal(train.Nets[average.Net].Name)).ToArray();
        _properties = CSharpNames.Distinct(prefixes.Select(prefix => prefix + "Average"), known);
        _adapterProperties = CSharpNames.Distinct(prefixes.Select(prefix => prefix + "AverageAdapters"), known.Concat(_properties));
    }

    /// <param name="netTypes">The networks' classes.</param>
    /// <param name="adapters">The updates of low rank.</param>
    public void PrintProperties(CodeWriter writer, IReadOnlyList<string> netTypes, AdapterPrinter adapters)
    {
        for (var i = 0; i < _properties.Count; i++)
        {
            var (net, set) = (_train.Nets[_train.Averages[i].Net].Name, adapters.Of(_train.Averages[i].Net));
            var with = set is null ? "" : $" It computes without the updates of low rank until '{_adapterProperties[i]}' is merged into it.";
            Print(netTypes[_train.Averages[i].Net], _properties[i],
                $"The moving average of the weights of '{net}', which evaluations are made with. It belongs to the trainer; before the first step it is the network as it was when the trainer was made.{with}");
            if (set is { } updates) Print(updates.Class, _adapterProperties[i], $"The moving average of the updates of low rank of '{net}', B and A each, which evaluations are made with. It belongs to the trainer.");
        }

        void Print(string type, string name, string summary) => TrainerProperty.Print(writer, type, name, summary, _isBroken);
    }

    /// <param name="netTypes">The networks' classes.</param>
    /// <param name="adapters">The updates of low rank.</param>
    public void PrintAssignments(CodeWriter writer, IReadOnlyList<string> netTypes, AdapterPrinter adapters)
    {
        for (var i = 0; i < _properties.Count; i++)
        {
            var net = _train.Averages[i].Net;
            writer.Line($"{_properties[i]} = ({netTypes[net]})AverageOf({NumberText.Integer(net)});");
            if (adapters.Of(net) is { } updates) writer.Line($"{_adapterProperties[i]} = ({updates.Class})AverageOf({NumberText.Integer(_train.Nets.Count + updates.Position)});");
        }
    }

    /// <summary>The line of the setup; nothing without any.</summary>
    /// <param name="netTypes">The networks' classes.</param>
    public void PrintSetup(CodeWriter writer, IReadOnlyList<string> netTypes)
    {
        if (_properties.Count == 0) return;
        var items = _train.Averages.Select(average => $"({NumberText.Integer(average.Net)}, {NumberText.Double(average.Decay)}, () => new {netTypes[average.Net]}(device))");
        writer.Line($"Averages = [{string.Join(", ", items)}],");
    }
}
