using FirstSteps;

return LinearRegression.Run() && FirstNetwork.Run() ? 0 : 1;
