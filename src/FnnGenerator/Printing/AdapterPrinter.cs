using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the classes of a training's updates of low rank, and the properties that hold them: <c>trainer.Adapters.Parameters.Fc1.Weight.A</c>.</summary>
internal sealed class AdapterPrinter
{
    private readonly BoundTrain _train;
    private readonly IReadOnlyList<string> _properties;
    private readonly IReadOnlyList<string> _classes;

    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    /// <param name="taken">Names of other members of the trainer.</param>
    public AdapterPrinter(BoundTrain train, bool isBroken, IEnumerable<string> taken)
    {
        _train = train;
        var known = taken.ToArray();
        var nets = train.Adapters.Select(set => CSharpNames.Pascal(train.Nets[set.Net].Name)).ToArray();
        _properties = CSharpNames.Distinct(nets.Select(net => nets.Length == 1 ? "Adapters" : net + "Adapters"), known);
        _classes = CSharpNames.Distinct(nets.Select(net => net + "LowRank"), known.Concat(_properties));
        Owned = new OwnedModels(_classes, _properties, train.Nets.Select(net => CSharpNames.Camel(net.Name)), isBroken);
    }

    public OwnedModels Owned { get; }

    /// <summary>Names that they have among the trainer's members.</summary>
    public IEnumerable<string> Members => _properties.Concat(_classes);

    /// <summary>New ones: each ends in a comma.</summary>
    /// <param name="netArguments">What the networks are called.</param>
    public string New(IReadOnlyList<string> netArguments) => Owned.New(i => $"{netArguments[_train.Adapters[i].Net]}, seed");

    public void PrintProperties(CodeWriter writer) =>
        Owned.PrintProperties(writer, i => $"The updates of low rank that are trained beside weights of '{NetOf(i)}', which stay as they are.");

    /// <summary>The line of the setup; nothing without any.</summary>
    public void PrintSetup(CodeWriter writer) => Owned.PrintSetup(writer, "Adapters", i => CSharpNames.Literal(NetOf(i)));

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
                using (writer.Block($"internal {name}({netTypes[i]} net, ulong seed) : base(Manifest, net, [{adapted}], {NumberText.Double(set.Scale)}, seed)"))
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

    private string NetOf(int position) => _train.Nets[_train.Adapters[position].Net].Name;
}
