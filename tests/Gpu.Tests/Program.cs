using FeedbackNN.Gpu.Tests;

// The assembly as a program: what a test starts in a process of its own.
switch (args)
{
    case [EmulationTests.Argument]:
        EmulationTests.TrainOnTheEmulation();
        break;
    default:
        Console.Error.WriteLine("Run the tests with `dotnet test`.");
        return 1;
}

return 0;
