using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A train with all that a family leaves open: its networks and its config. What becomes a class that can be run.</summary>
/// <param name="Symbol">What the class is called after: the train itself, or a member of a family.</param>
/// <param name="Text">Whose head and body it has: the train itself, or the family.</param>
/// <param name="Nets">Its networks, those that its family leaves open as the member chose them.</param>
internal sealed record TrainInstance(Symbol Symbol, TrainSymbol Text, IReadOnlyList<NetUse> Nets)
{
    /// <summary>The config as the member gives it.</summary>
    public IReadOnlyDictionary<string, Operand> Config { get; init; } = new Dictionary<string, Operand>();

    /// <summary>Where the config's sizes came from.</summary>
    public IReadOnlyDictionary<string, AxisNote> Notes { get; init; } = new Dictionary<string, AxisNote>();

    /// <summary>The place where a member chooses; null where nothing is chosen.</summary>
    public (Frame Frame, TextSpan Span)? Member { get; init; }

    /// <summary>Names that mean something else in each member of the family: its config and the networks that members choose.</summary>
    public IReadOnlyCollection<string> Open { get; init; } = [];

    /// <summary>Whether this stands for a family of which no member is at hand: networks that members choose are unknown then, and so are the numbers of its config.</summary>
    public bool IsOpen { get; init; }

    /// <summary>Whether the model of a network has errors, which are reported with it.</summary>
    public bool HasBrokenNet => Nets.Any(net => net.IsBroken);

    /// <summary>The family that this is a member of.</summary>
    public TrainSymbol? Family => Symbol == Text ? null : Text;

    public TrainDeclaration Declaration => Text.Declaration;

    /// <summary>A train, or a member of a family of trains; null after a diagnostic.</summary>
    public static TrainInstance? Of(ModuleScope scope, DiagnosticBag diagnostics, Symbol symbol)
    {
        if (symbol is TrainMemberSymbol member)
        {
            return new BodyBinder(new BindingContext(scope, diagnostics, training: true, symbolic: false), new Frame(member, null, default)).TrainOfMember(member);
        }
        var train = (TrainSymbol)symbol;
        return NetUse.Bind(scope, diagnostics, train, train.Declaration.Nets) is { } nets ? new TrainInstance(train, train, nets) : null;
    }

    /// <summary>What a member with errors was meant to be, for its API; nothing is reported. Null where that can't be told.</summary>
    public static TrainInstance? Meant(ModuleScope scope, Symbol symbol) =>
        symbol is TrainMemberSymbol member ? new BodyBinder(new BindingContext(scope, new DiagnosticBag(), training: true, symbolic: true), new Frame(member, null, default)).MeantByMember(member) : null;

    /// <summary>A family without a member; null after a diagnostic.</summary>
    public static TrainInstance? OfFamily(ModuleScope scope, DiagnosticBag diagnostics, TrainSymbol family)
    {
        if (NetUse.Bind(scope, diagnostics, family, family.Declaration.Nets, net => scope.ChoiceOf(family, net)) is not { } nets) return null;
        var frame = new Frame(family, null, default);
        var binder = new BodyBinder(new BindingContext(scope, diagnostics, training: true, symbolic: true), frame);
        foreach (var parameter in family.Declaration.Config ?? default) frame.Config[parameter.Name.Text] = binder.SymbolicConfig(parameter);
        return new TrainInstance(family, family, nets) { Config = frame.Config, Notes = frame.Notes, Open = OpenNames(scope, family), IsOpen = true };
    }

    /// <summary>See <see cref="Open"/>.</summary>
    public static IReadOnlyCollection<string> OpenNames(ModuleScope scope, TrainSymbol family) =>
        (family.Declaration.Config ?? default).Select(parameter => parameter.Name.Text).Concat(family.Declaration.Nets.Where(net => scope.ChoiceOf(family, net) is not null).Select(net => net.Name.Text)).ToArray();

    /// <summary>The names of its body before anything is bound.</summary>
    public Frame NewFrame()
    {
        var frame = new Frame(Text, null, default) { Member = Member, Open = Open };
        foreach (var pair in Config) frame.Config[pair.Key] = pair.Value;
        foreach (var pair in Notes) frame.Notes[pair.Key] = pair.Value;
        return frame;
    }
}
