using System.Collections.Immutable;
using System.ComponentModel;

namespace FeedbackNN;

/// <summary>What a generated pipeline tells its base class about itself.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PipelineSetup
{
    /// <summary>The pipeline's full name: <c>Filters.Spam</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its steps as text: a run that was begun with other ones can't be continued.</summary>
    public required string Plan { get; init; }

    /// <summary>The networks with their names.</summary>
    public required ImmutableArray<(string Name, Model Model)> Nets { get; init; }
}
