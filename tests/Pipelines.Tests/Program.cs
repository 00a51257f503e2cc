using FeedbackNN.Pipelines.Tests;

// The assembly as a program: a pipeline that a test kills.
if (args is not [KillTests.Argument, var folder])
{
    Console.Error.WriteLine("Run the tests with `dotnet test`.");
    return 1;
}
KillTests.Run(folder);
return 0;
