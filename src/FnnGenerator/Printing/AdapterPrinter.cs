using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the classes of a training's updates of low rank, and the properties that hold them: <c>trainer.Adapters.Parameters.Fc1.Weight.A</c>.</summary>
internal sealed class AdapterPrinter
{
    private readonly BoundTrain _train;
    private readonly bool _isBroken;
    private readonly IReadOnlyList<string> _properties;
    private readonly IReadOnlyList<string> _classes;

    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    /// <param name="taken">Names of other members of the trainer.</param>
    public AdapterPrinter(BoundTrain train, bool isBroken, IEnumerable<string> taken)
    {
        (_train, _isBroken) = (train, isBroken);
        var known = taken.ToArray();
        var nets = train.Adapters.Select(set => CSharpNames.Pascal(train.Nets[set.Net].Name)).ToArray();
        _properties = CSharpNames.Distinct(nets.Select(net => nets.Length == 1 ? "Adapters" : net + "Adapters"), known);
        _classes = CSharpNames.Distinct(nets.Select(net => net + "LowRank"), known.Concat(_properties));
    }

    /// <summary>Names that they have among the trainer's members.</summary>
    public IEnumerable<string> Members => _properties.Concat(_classes);

    /// <summary>The class of a network's updates, and which of them they are; null without any.</summary>
    /// <param name="net">The network's position.</param>
    public (string Class, int Position)? Of(int net)
    {
        for (var i = 0; i < _classes.Count; i++)
        {
            if (_train.Adapters[i].Net == net) return (_classes[i], i);
        }
        return null;
    }

    public void PrintProperties(CodeWriter writer)
    {
        for (var i = 0; i < _properties.Count; i++)
            TrainerProperty.Print(writer, _classes[i], _properties[i], $"The updates of low rank that are trained beside weights of '{_train.Nets[_train.Adapters[i].Net].Name}', which stay as they are.", _isBroken);
    }

    public void PrintAssignments(CodeWriter writer)
    {
        for (var i = 0; i < _properties.Count; i++) writer.Line($"{_properties[i]} = ({_classes[i]})AdaptersOf({NumberText.Integer(i)});");
    }

    /// <summary>The line of the setup; nothing without any.</summary>
    /// <param name="netTypes">The networks' classes.</param>
    public void PrintSetup(CodeWriter writer, IReadOnlyList<string> netTypes)
    {
        if (_classes.Count == 0) return;
        var items = _classes.Select((name, i) => $"({NumberText.Integer(_train.Adapters[i].Net)}, of => new {name}(({netTypes[_train.Adapters[i].Net]})of, seed))");
        writer.Line($"Adapters = [{string.Join(", ", items)}],");
    }

    /// <param name="netTypes">The networks' classes.</param>
    public void PrintClasses(CodeWriter writer, IReadOnlyList<string> netTypes)
    {
        for (var i = 0; i < _classes.Count; i++)
        {
            var set = _train.Adapters[i];
            var (name, net) = (_classes[i], _train.Nets[set.Net]);
            writer.Line();
            writer.Summary($"Updates of low rank of weights of '{net.Name}': B and A of each.");
            using (writer.Block($"public sealed unsafe class {name} : LowRankAdapters"))
            {
                ManifestPrinter.Print(writer, set.AsModel(_train));
                writer.Line();
                var adapted = string.Join(", ", set.Adapted.Select(position => NumberText.Integer(position)));
                using (writer.Block($"internal {name}({netTypes[set.Net]} net, ulong seed) : base(Manifest, net, [{adapted}], {NumberText.Double(set.Scale)}, seed)"))
                {
                    if (set.Parameters.Count > 0) writer.Line("Parameters = new ParameterTree(this);");
                }
                if (set.Parameters.Count == 0) continue;
                writer.Line();
                writer.Summary("The matrices by the names of their weights.");
                writer.Line("public ParameterTree Parameters { get; }");
                writer.Line();
                ParameterTreePrinter.Print(writer, "ParameterTree", "Parameters", $"The updates of a {net.ModelName}.", set.Parameters, ParameterTreePrinter.ParameterType);
            }
        }
    }
}
