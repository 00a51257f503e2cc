using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the moving averages of a training's weights: models of the networks' own classes, <c>trainer.Average</c>.</summary>
internal sealed class AveragePrinter
{
    private readonly BoundTrain _train;

    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    /// <param name="types">The classes of the averaged networks.</param>
    /// <param name="taken">Names of other members of the trainer.</param>
    /// <param name="arguments">Names of other arguments of its constructor.</param>
    public AveragePrinter(BoundTrain train, bool isBroken, IReadOnlyList<string> types, IEnumerable<string> taken, IEnumerable<string> arguments)
    {
        _train = train;
        var properties = CSharpNames.Distinct(train.Averages.Select(average => train.Averages.Count == 1 ? "Average" : CSharpNames.Pascal(train.Nets[average.Net].Name) + "Average"), taken);
        Owned = new OwnedModels(types, properties, arguments, isBroken);
    }

    public OwnedModels Owned { get; }

    /// <summary>New ones: each ends in a comma.</summary>
    /// <param name="netArguments">What the networks are called.</param>
    public string New(IReadOnlyList<string> netArguments) => Owned.New(i => $"{netArguments[_train.Averages[i].Net]}?.Device");

    public void PrintProperties(CodeWriter writer) => Owned.PrintProperties(writer, i =>
        $"The moving average of the weights of '{_train.Nets[_train.Averages[i].Net].Name}', which evaluations are made with. It belongs to the trainer; before the first step it is the network as it was when the trainer was made.");

    /// <summary>The line of the setup; nothing without any.</summary>
    public void PrintSetup(CodeWriter writer) =>
        Owned.PrintSetup(writer, "Averages", i => $"{NumberText.Integer(_train.Averages[i].Net)}, {NumberText.Double(_train.Averages[i].Decay)}");
}
